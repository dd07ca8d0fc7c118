// What brokers say in numbers, their addresses, and what messages bring, in words.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "drivers/mqtt/frame.h"

namespace fieldpost::drivers::mqtt {

/// "HOST:PORT", with brackets where the host is an IPv6 address.
std::string address(const config::MqttUrl& url);

/// A reason code of version 5 (section 2.4): "not authorised (code 0x87)".
std::string reason_text(int code);

/// The front of a topic, a name or whatever else a message brings, as text that a status may hold: no character is cut,
/// and what is not UTF-8 shows as '?'.
std::string shown(std::string_view text);

/// Why a message gives no readings of this device: it is somebody else's.
std::string of_another(std::string_view device, std::string_view whose);

/// "00 ff"
std::string hex(std::string_view bytes);

/// What the broker has said besides: `, and says "quota used up"`. Empty where it has said nothing.
std::string said_besides(const Words& words);

/// Why CONNACK refuses the login: a return code of 3.1.1 (section 3.2.2.3) or a reason code of version 5.
std::string login_refused(int code);

}  // namespace fieldpost::drivers::mqtt
