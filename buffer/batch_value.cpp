#include "buffer/batch_value.h"

#include <bit>

namespace fieldpost {
namespace {

// They are on disks in the field: never change one, only add.
enum Tag : std::uint8_t {
  tag_bad = 0,
  tag_false = 1,
  tag_true = 2,
  tag_signed = 3,
  tag_unsigned = 4,
  tag_float = 5,
  tag_double = 6,
  tag_text = 7,
  tag_repeated = 8,
  tag_event = 9,
  tag_named = 10,
};

void put_tag(std::string& out, Tag tag) {
  out.push_back(static_cast<char>(tag));
}

void put_text(std::string& out, Tag tag, std::string_view text) {
  put_tag(out, tag);
  wire::put_string(out, text);
}

}  // namespace

void ValueWriter::operator()(const Bad& value) const {
  put_text(out, tag_bad, value.reason);
}
void ValueWriter::operator()(const BadView& value) const {
  put_text(out, tag_bad, value.reason);
}
void ValueWriter::operator()(bool value) const {
  put_tag(out, value ? tag_true : tag_false);
}
void ValueWriter::operator()(std::int64_t value) const {
  put_tag(out, tag_signed);
  wire::put_signed(out, value);
}
void ValueWriter::operator()(std::uint64_t value) const {
  put_tag(out, tag_unsigned);
  wire::put_varint(out, value);
}
void ValueWriter::operator()(float value) const {
  put_tag(out, tag_float);
  wire::put_word(out, std::bit_cast<std::uint32_t>(value));
}
void ValueWriter::operator()(double value) const {
  put_tag(out, tag_double);
  wire::put_word(out, std::bit_cast<std::uint64_t>(value));
}
void ValueWriter::operator()(const std::string& value) const {
  put_text(out, tag_text, value);
}
void ValueWriter::operator()(std::string_view value) const {
  put_text(out, tag_text, value);
}
void ValueWriter::operator()(const Event& value) const {
  put_text(out, tag_event, value.members);
}
void ValueWriter::operator()(const EventView& value) const {
  put_text(out, tag_event, value.members);
}
void ValueWriter::operator()(const Named& value) const {
  (*this)(NamedView{value.code, value.name});
}
void ValueWriter::operator()(const NamedView& value) const {
  put_tag(out, tag_named);
  wire::put_signed(out, value.code);
  wire::put_string(out, value.name);
}

void put_repetition(std::string& out) {
  put_tag(out, tag_repeated);
}

ValueRead read_value(wire::Cursor& cursor, ValueView& value) {
  switch (cursor.byte()) {
    case tag_bad:
      value = BadView{cursor.string()};
      break;
    case tag_false:
      value = false;
      break;
    case tag_true:
      value = true;
      break;
    case tag_signed:
      value = cursor.signed_varint();
      break;
    case tag_unsigned:
      value = cursor.varint();
      break;
    case tag_float:
      value = std::bit_cast<float>(cursor.word<std::uint32_t>());
      break;
    case tag_double:
      value = std::bit_cast<double>(cursor.word<std::uint64_t>());
      break;
    case tag_text:
      value = cursor.string();
      break;
    case tag_repeated:
      return ValueRead::repeated;
    case tag_event:
      value = EventView{cursor.string()};
      break;
    case tag_named: {
      const std::int64_t code = cursor.signed_varint();
      value = NamedView{code, cursor.string()};
      break;
    }
    default:
      return ValueRead::damaged;
  }
  return ValueRead::fresh;
}

}  // namespace fieldpost
