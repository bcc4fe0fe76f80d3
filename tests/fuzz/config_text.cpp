// The configuration as any text at all.
#include "config_checks.hpp"
#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    keel::fuzz::check_config(keel::as_text({data, size}));
    return 0;
}
