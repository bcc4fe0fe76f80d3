#include "unit/l2tp_hostile/memory.hpp"

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace {

keel::l2tp::test::Memory live;

void* take(std::size_t size) {
    void* block = std::malloc(size);
    if (block == nullptr) throw std::bad_alloc();
    ++live.blocks;
    live.octets += malloc_usable_size(block);
    return block;
}

void give(void* block) {
    if (block == nullptr) return;
    --live.blocks;
    live.octets -= malloc_usable_size(block);
    std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
    return take(size);
}
void* operator new[](std::size_t size) {
    return take(size);
}
void operator delete(void* block) noexcept {
    give(block);
}
void operator delete[](void* block) noexcept {
    give(block);
}
void operator delete(void* block, std::size_t) noexcept {
    give(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    give(block);
}

namespace keel::l2tp::test {

Memory Memory::now() {
    return live;
}

}  // namespace keel::l2tp::test
