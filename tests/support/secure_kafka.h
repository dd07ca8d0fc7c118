// A real Kafka with a listener for each way to log in, and the certificates and users that fit.
#pragma once

#include <string>

#include "tests/support/identity_provider.h"
#include "tests/support/kafka.h"
#include "tests/support/pki.h"
#include "tests/support/temp_dir.h"

namespace fieldpost::support {

struct SecureKafka {
  SecureKafka();

  TempDir dir;
  Authority authority{"ground"};
  Authority stranger{"elsewhere"};
  IdentityProvider provider{"gw-07", "right-secret"};
  std::string ca = dir.write("ca.pem", authority.certificate());
  /// Listeners: TLS; MUTUAL, which wants a certificate too; OTHERNAME, whose certificate is another host's; PLAIN,
  /// SCRAM and OAUTH, all inside TLS. The user is gw-07, with the password right-secret.
  Kafka kafka;
};

/// The one that all tests of a run share, started by the first who asks.
SecureKafka& secure_kafka();

/// What server.properties needs for TLS on a listener, its name in lower case. The certificate is for `hosts`; the
/// files stand in `dir`.
void add_tls(KafkaProperties& properties, const TempDir& dir, const Authority& authority, const std::string& listener,
             const std::string& hosts = "DNS:localhost");

/// Sets the password of the user gw-07 for SCRAM-SHA-512, as an operator of the cluster would.
void set_scram_password(SecureKafka& ground, const std::string& password);

}  // namespace fieldpost::support
