// Table: many tunnels or sessions, found by id or by any other hash. Values lie in blocks, in the order in
// which they came, and do not move; the index is one flat array. So a search costs one cache miss beside the
// value's own, and a value no allocation. Owner: Endpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace keel::l2tp {

// From a hash to a number, for what is kept elsewhere; several may have the same hash. Open addressing with
// linear probing, never more than three quarters full.
class FlatIndex {
public:
    static constexpr std::uint32_t kNone = 0xffffffff;

    [[nodiscard]] std::size_t size() const { return size_; }
    // The first number under `hash` that `same` holds for; kNone if there is none.
    template <class Same>
    [[nodiscard]] std::uint32_t find(std::uint32_t hash, Same same) const {
        if (cells_.empty()) return kNone;
        for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
            const Cell& cell = cells_[at];
            if (cell.number == kNone) return kNone;
            if (cell.hash == hash && same(cell.number)) return cell.number;
        }
    }
    // `number` is not kNone.
    void insert(std::uint32_t hash, std::uint32_t number);
    // Nothing happens if it is not there.
    void erase(std::uint32_t hash, std::uint32_t number);

private:
    struct Cell {
        std::uint32_t hash = 0;
        std::uint32_t number = kNone;  // kNone: free
    };
    [[nodiscard]] std::size_t mask() const { return cells_.size() - 1; }
    void place(const Cell& cell);
    void grow();

    std::vector<Cell> cells_;  // none, or a power of two
    std::size_t size_ = 0;
};

// Values of type T by an id that is random, so that it is its own hash.
template <class IdType, class T>
class Table {
public:
    [[nodiscard]] std::size_t size() const { return index_.size(); }
    [[nodiscard]] T* find(IdType id) {
        const std::uint32_t place = index_.find(id.value, [](std::uint32_t) { return true; });
        return place == FlatIndex::kNone ? nullptr : &value(place);
    }
    [[nodiscard]] const T* find(IdType id) const { return const_cast<Table*>(this)->find(id); }
    [[nodiscard]] bool contains(IdType id) const { return find(id) != nullptr; }
    // It must be there.
    [[nodiscard]] T& at(IdType id) { return *find(id); }
    [[nodiscard]] const T& at(IdType id) const { return *find(id); }
    // A new value; `id` must not be there yet.
    T& insert(IdType id) {
        if (free_.empty()) add_block();
        const std::uint32_t place = free_.back();
        free_.pop_back();
        index_.insert(id.value, place);
        return value(place);
    }
    void erase(IdType id) {
        const std::uint32_t place = index_.find(id.value, [](std::uint32_t) { return true; });
        if (place == FlatIndex::kNone) return;
        index_.erase(id.value, place);
        value(place) = T{};
        free_.push_back(place);
    }

private:
    static constexpr std::uint32_t kBlock = 16;

    [[nodiscard]] T& value(std::uint32_t place) { return blocks_[place / kBlock][place % kBlock]; }
    void add_block() {
        const auto first = static_cast<std::uint32_t>(blocks_.size()) * kBlock;
        blocks_.push_back(std::make_unique<T[]>(kBlock));
        for (std::uint32_t i = kBlock; i > 0; --i) free_.push_back(first + i - 1);
    }

    FlatIndex index_;
    std::vector<std::unique_ptr<T[]>> blocks_;
    std::vector<std::uint32_t> free_;  // the place to be taken next is the last
};

}  // namespace keel::l2tp
