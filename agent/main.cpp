#include <exception>
#include <iostream>

#include "agent/cli/args.h"
#include "agent/cli/output.h"
#include "agent/cli/verbs.h"
#include "agent/version.h"

namespace {

int dispatch(const fieldpost::cli::Args& args) {
  using fieldpost::cli::VerbId;
  switch (args.verb->id) {
    case VerbId::run:
      return fieldpost::cli::run(args);
    case VerbId::check:
      return fieldpost::cli::check(args);
    case VerbId::status:
      return fieldpost::cli::status(args);
    case VerbId::queue_peek:
      return fieldpost::cli::queue_peek(args);
    case VerbId::queue_export:
      return fieldpost::cli::queue_export(args);
    case VerbId::queue_verify:
      return fieldpost::cli::queue_verify(args);
    case VerbId::queue_rejected:
      return fieldpost::cli::queue_rejected(args);
    case VerbId::queue_purge:
      return fieldpost::cli::queue_purge(args);
    case VerbId::queue_retry:
      return fieldpost::cli::queue_retry(args);
    case VerbId::read:
      return fieldpost::cli::read(args);
    case VerbId::mqtt:
      return fieldpost::cli::mqtt(args);
    case VerbId::demo:
      return fieldpost::cli::demo(args);
  }
  return fieldpost::cli::misused;
}

int carry_out(const std::vector<std::string>& words) {
  const auto parsed = fieldpost::cli::parse_args(words);
  if (!parsed.args) {
    std::cerr << "fieldpost: " << parsed.error << "\n";
    return fieldpost::cli::misused;
  }
  if (parsed.args->help) {
    std::cout << fieldpost::cli::help(parsed.args->verb);
    return fieldpost::cli::fine;
  }
  if (parsed.args->version) {
    std::cout << "fieldpost " << fieldpost::kVersion << "\n";
    return fieldpost::cli::fine;
  }
  return dispatch(*parsed.args);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int code = carry_out({argv + 1, argv + argc});
    // A disk that is full behind a redirection: half of the output is not what was asked for.
    if (!std::cout.flush()) {
      std::cerr << "fieldpost: the output cannot be written\n";
      return fieldpost::cli::failed;
    }
    return code;
  } catch (const fieldpost::cli::OutputClosed&) {
    return fieldpost::cli::fine;
  } catch (const std::exception& error) {
    std::cerr << "fieldpost: " << error.what() << std::endl;
    return fieldpost::cli::failed;
  }
}
