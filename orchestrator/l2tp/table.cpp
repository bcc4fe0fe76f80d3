#include "l2tp/table.hpp"

#include <utility>

namespace keel::l2tp {

namespace {

constexpr std::size_t kLeastCells = 16;

}  // namespace

void FlatIndex::insert(std::uint32_t hash, std::uint32_t number) {
    if (4 * (size_ + 1) > 3 * cells_.size()) grow();
    place({hash, number});
    ++size_;
}

void FlatIndex::erase(std::uint32_t hash, std::uint32_t number) {
    if (cells_.empty()) return;
    std::size_t hole = hash & mask();
    while (cells_[hole].number != number || cells_[hole].hash != hash) {
        if (cells_[hole].number == kNone) return;
        hole = (hole + 1) & mask();
    }
    // What was put further on because this cell was taken moves up.
    for (std::size_t at = (hole + 1) & mask(); cells_[at].number != kNone; at = (at + 1) & mask()) {
        const std::size_t wanted = cells_[at].hash & mask();
        if (((at - wanted) & mask()) < ((at - hole) & mask())) continue;
        cells_[hole] = cells_[at];
        hole = at;
    }
    cells_[hole] = {};
    --size_;
}

void FlatIndex::place(const Cell& cell) {
    std::size_t at = cell.hash & mask();
    while (cells_[at].number != kNone) at = (at + 1) & mask();
    cells_[at] = cell;
}

void FlatIndex::grow() {
    const std::size_t wanted = cells_.empty() ? kLeastCells : 2 * cells_.size();
    const std::vector<Cell> old = std::exchange(cells_, std::vector<Cell>(wanted));
    for (const Cell& cell : old) {
        if (cell.number != kNone) place(cell);
    }
}

}  // namespace keel::l2tp
