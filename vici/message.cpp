#include "vici/message.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace vici {
namespace {

enum Element : std::uint8_t {  // the numbers of the wire
    section_start = 1,
    section_end = 2,
    key_value = 3,
    list_start = 4,
    list_item = 5,
    list_end = 6,
};

class Encoder {
public:
    Status message(const Message& message, int depth) {
        if (depth > kMaxDepth) return fail(ErrorCode::malformed, "message nested too deeply");
        for (const Message::Entry& entry : message.entries()) {
            if (Status done = element(entry, depth); !done) return done;
        }
        return {};
    }
    [[nodiscard]] Bytes take() { return std::move(out_); }
    void discard() { vici::wipe(out_.data(), out_.size()); }

private:
    Status element(const Message::Entry& entry, int depth) {
        if (const auto* text = std::get_if<std::string>(&entry.content)) {
            if (Status done = named(key_value, entry.name); !done) return done;
            return value(*text);
        }
        if (const auto* list = std::get_if<List>(&entry.content)) {
            if (Status done = named(list_start, entry.name); !done) return done;
            for (const std::string& item : *list) {
                out_.push_back(list_item);
                if (Status done = value(item); !done) return done;
            }
            out_.push_back(list_end);
            return {};
        }
        if (Status done = named(section_start, entry.name); !done) return done;
        if (Status done = message(std::get<Message>(entry.content), depth + 1); !done) return done;
        out_.push_back(section_end);
        return {};
    }

    Status named(Element type, const std::string& name) {
        if (name.size() > kMaxName) return fail(ErrorCode::too_long, "element name longer than 255 octets");
        out_.push_back(type);
        out_.push_back(static_cast<std::uint8_t>(name.size()));
        out_.insert(out_.end(), name.begin(), name.end());
        return {};
    }

    Status value(const std::string& text) {
        if (text.size() > kMaxValue) return fail(ErrorCode::too_long, "value longer than 65535 octets");
        out_.push_back(static_cast<std::uint8_t>(text.size() >> 8));
        out_.push_back(static_cast<std::uint8_t>(text.size() & 0xff));
        out_.insert(out_.end(), text.begin(), text.end());
        return {};
    }

    Bytes out_;
};

class Decoder {
public:
    explicit Decoder(ByteView wire) : rest_(wire) {}

    // Up to the section's end, or at depth 0 up to the input's.
    Result<Message> message(int depth) {
        Message out;
        while (true) {
            if (rest_.empty()) {
                if (depth == 0) return out;
                return truncated();
            }
            const std::uint8_t type = rest_.front();
            rest_ = rest_.subspan(1);
            if (type == section_end) {
                if (depth > 0) return out;
                return fail(ErrorCode::malformed, "section ends that never began");
            }
            if (Status done = element(type, depth, out); !done) return std::unexpected(done.error());
        }
    }

private:
    static std::unexpected<Error> truncated() { return fail(ErrorCode::malformed, "message is cut short"); }

    Status element(std::uint8_t type, int depth, Message& out) {
        if (type != section_start && type != key_value && type != list_start) {
            return fail(ErrorCode::malformed, "unexpected element type " + std::to_string(type));
        }
        auto name = text(1);
        if (!name) return truncated();
        if (type == key_value) {
            auto value = text(2);
            if (!value) return truncated();
            out.add(std::move(*name), std::move(*value));
            return {};
        }
        if (type == list_start) {
            auto items = list();
            if (!items) return std::unexpected(items.error());
            out.add(std::move(*name), std::move(*items));
            return {};
        }
        if (depth == kMaxDepth) return fail(ErrorCode::malformed, "message nested too deeply");
        auto section = message(depth + 1);
        if (!section) return std::unexpected(section.error());
        out.add(std::move(*name), std::move(*section));
        return {};
    }

    Result<List> list() {
        List out;
        while (!rest_.empty()) {
            const std::uint8_t type = rest_.front();
            rest_ = rest_.subspan(1);
            if (type == list_end) return out;
            if (type != list_item)
                return fail(ErrorCode::malformed, "a list holds something else than items");
            auto item = text(2);
            if (!item) return truncated();
            out.push_back(std::move(*item));
        }
        return truncated();
    }

    // A string behind a length of `width` octets.
    std::optional<std::string> text(std::size_t width) {
        if (rest_.size() < width) return std::nullopt;
        std::size_t length = 0;
        for (std::size_t i = 0; i < width; ++i) length = length << 8 | rest_[i];
        if (rest_.size() - width < length) return std::nullopt;
        const ByteView bytes = rest_.subspan(width, length);
        rest_ = rest_.subspan(width + length);
        return std::string(bytes.begin(), bytes.end());
    }

    ByteView rest_;
};

template <class T>
const T* find_as(const std::vector<Message::Entry>& entries, std::string_view name) {
    for (const Message::Entry& entry : entries) {
        if (entry.name != name) continue;
        if (const T* content = std::get_if<T>(&entry.content)) return content;
    }
    return nullptr;
}

}  // namespace

Message::Message() = default;
Message::Message(const Message&) = default;
Message::Message(Message&&) noexcept = default;
Message& Message::operator=(const Message&) = default;
Message& Message::operator=(Message&&) noexcept = default;
Message::~Message() = default;

Message& Message::add(std::string name, std::string value) {
    entries_.push_back({std::move(name), std::move(value)});
    return *this;
}

Message& Message::add(std::string name, List list) {
    entries_.push_back({std::move(name), std::move(list)});
    return *this;
}

Message& Message::add(std::string name, Message section) {
    entries_.push_back({std::move(name), std::move(section)});
    return *this;
}

bool Message::empty() const {
    return entries_.empty();
}

const std::string* Message::find(std::string_view name) const {
    return find_as<std::string>(entries_, name);
}
const List* Message::find_list(std::string_view name) const {
    return find_as<List>(entries_, name);
}
const Message* Message::find_section(std::string_view name) const {
    return find_as<Message>(entries_, name);
}

std::string_view Message::value(std::string_view name) const {
    const std::string* text = find(name);
    return text ? std::string_view(*text) : std::string_view();
}

bool operator==(const Message& one, const Message& other) {
    return one.entries_ == other.entries_;
}

std::size_t Message::footprint() const {
    std::size_t octets = entries_.size() * sizeof(Entry);
    for (const Entry& entry : entries_) {
        octets += entry.name.size();
        if (const auto* text = std::get_if<std::string>(&entry.content)) {
            octets += text->size();
        } else if (const auto* list = std::get_if<List>(&entry.content)) {
            for (const std::string& item : *list) octets += sizeof(std::string) + item.size();
        } else {
            octets += std::get<Message>(entry.content).footprint();
        }
    }
    return octets;
}

void Message::wipe() {
    for (Entry& entry : entries_) {
        if (auto* text = std::get_if<std::string>(&entry.content)) {
            vici::wipe(text->data(), text->size());
        } else if (auto* list = std::get_if<List>(&entry.content)) {
            for (std::string& item : *list) vici::wipe(item.data(), item.size());
        } else {
            std::get<Message>(entry.content).wipe();
        }
    }
}

Result<Bytes> encode(const Message& message) {
    Encoder encoder;
    if (Status done = encoder.message(message, 0); !done) {
        encoder.discard();
        return std::unexpected(done.error());
    }
    return encoder.take();
}

Result<Message> decode(ByteView wire) {
    if (wire.size() > kMaxSegment) return fail(ErrorCode::too_long, "message longer than a segment");
    return Decoder(wire).message(0);
}

void wipe(void* memory, std::size_t size) {
    auto* bytes = static_cast<volatile std::uint8_t*>(memory);
    std::fill_n(bytes, size, std::uint8_t{0});
}

}  // namespace vici
