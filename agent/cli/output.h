// Where a listing goes: stdout or a file, as fast as the disk is read, and with an end that is told from an error.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace fieldpost::cli {

/// Whoever read the output has seen enough (`| head`): no error, the verb ends.
class OutputClosed : public std::exception {
 public:
  const char* what() const noexcept override { return "the output has been closed"; }
};

/// write(), flush() and close() throw OutputClosed, or std::system_error where nothing more can be written.
class Output {
 public:
  /// stdout.
  Output();
  /// A file, made or emptied. Throws std::system_error.
  explicit Output(const std::string& file);
  /// What an exception left behind is written as far as it can be.
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text);
  void flush();
  /// Some file systems tell only now that the disk is full.
  void close();

  int descriptor() const { return descriptor_; }
  bool terminal() const;

 private:
  int write_out();

  std::string name_;
  int descriptor_;
  bool owned_;
  std::string waiting_;
};

}  // namespace fieldpost::cli
