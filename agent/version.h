#pragma once

namespace fieldpost {

constexpr const char* kVersion = FIELDPOST_VERSION;

}  // namespace fieldpost
