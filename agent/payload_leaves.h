// What there is in a JSON payload, for whoever looks for the right pointer. Pure.
#pragma once

#include <string>
#include <string_view>

namespace fieldpost {

/// "/a = 1, /b/0 = true and 3 more": the scalars and the empty containers, the first dozen of them with their pointers
/// (RFC 6901). Empty: the payload is no JSON object or array, or one without anything in it. Its time is proportional
/// to the payload's length.
std::string leaves_text(std::string_view payload);

}  // namespace fieldpost
