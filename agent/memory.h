// What the process holds of memory. A busy moment is short; what it took would stay with the process.
#pragma once

namespace fieldpost::memory {

/// Before the threads are started.
void keep_little();

/// Gives back what is free, also between what is in use, which malloc does not do by itself. Any thread; takes about a
/// millisecond.
void give_back();

/// Pages of the program and its libraries that only the start needed. The others come back at their next use.
void forget_start();

}  // namespace fieldpost::memory
