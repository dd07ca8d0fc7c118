// What a thread is called where an operator looks at the process: `top -H`, `ps -L`.
#pragma once

#include <pthread.h>

#include <string>

namespace fieldpost {

/// The calling thread's; Linux keeps the first 15 bytes.
inline void name_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace fieldpost
