// The examples in a page of documentation, so that tests can run them. Pure.
#pragma once

#include <string>
#include <vector>

namespace fieldpost::support {

/// ```LANGUAGE TITLE
struct Fence {
  std::string language;
  std::string title;
  std::string text;  // every line with its end
};

std::vector<Fence> fences(const std::string& markdown);

struct Step {
  std::string command;  // behind "$ "
  std::string output;
};

/// The commands of all fences in the language "console", in their order.
std::vector<Step> steps(const std::vector<Fence>& fences);

/// The targets of all links that are neither a web address nor a place on the page itself.
std::vector<std::string> linked_files(const std::string& markdown);

/// Words, by white space.
std::vector<std::string> split(const std::string& text);

/// Spaces count once; a time of day stands as T, a duration as D.
std::string without_times(const std::string& text);

/// As without_times(), and every other number stands as N, every size as S.
std::string without_figures(const std::string& text);

}  // namespace fieldpost::support
