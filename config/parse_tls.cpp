// The files of TLS, in [kafka.tls] and [[mqtt]].
#include "config/sections.h"

namespace fieldpost::config {

void parse_path(Fields& fields, const std::string& prefix, std::string_view key, std::string& into, Places& places,
                const Context& context) {
  into = secret_path(fields, key, context);
  if (const Node* node = fields.find(key)) places[prefix + std::string(key)] = node->place;
}

void parse_tls(Fields& fields, const std::string& prefix, Tls& into, Places& places, const Context& context) {
  parse_path(fields, prefix, "ca", into.ca, places, context);
  parse_path(fields, prefix, "certificate", into.certificate, places, context);
  parse_path(fields, prefix, "key", into.key, places, context);
  parse_path(fields, prefix, "key_password_file", into.key_password_file, places, context);
  if (fields.has("certificate") && !fields.has("key")) {
    fields.wrong("certificate", "has no key beside it: name the file of its private key in key");
  }
  if (fields.has("key") && !fields.has("certificate")) {
    fields.wrong("key", "has no certificate beside it: name the file of its certificate in certificate");
  }
  if (fields.has("key_password_file") && !fields.has("key")) {
    fields.wrong("key_password_file", "has no key beside it");
  }
  if (fields.has("key_password")) {
    fields.find("key_password");
    fields.wrong("key_password", "is not taken from this file: put it into one of its own, named in key_password_file");
  }
}

}  // namespace fieldpost::config
