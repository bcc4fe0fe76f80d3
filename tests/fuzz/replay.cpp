// Replays inputs through a fuzz target without libFuzzer: each argument is a file or a directory of files.
// For the ordinary tests, with the ordinary compiler. A finding aborts; the file's name was printed before.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "input.hpp"

namespace fs = std::filesystem;

int main(int argc, char** argv) {
    std::vector<fs::path> files;
    for (int i = 1; i < argc; ++i) {
        const fs::path path(argv[i]);
        if (!fs::is_directory(path)) {
            files.push_back(path);
            continue;
        }
        for (const auto& entry : fs::directory_iterator(path)) files.push_back(entry.path());
    }
    if (files.empty()) {
        std::cerr << "usage: " << argv[0] << " FILE|DIRECTORY...: no input was found\n";
        return 2;
    }
    std::ranges::sort(files);
    for (const auto& file : files) {
        std::ifstream stream(file, std::ios::binary);
        if (!stream) {
            std::cerr << "cannot read " << file << '\n';
            return 2;
        }
        const std::vector<char> read{std::istreambuf_iterator<char>(stream), {}};
        std::cout << file.filename().string() << std::endl;
        const keel::Bytes bytes(read.begin(), read.end());
        static_cast<void>(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()));
    }
    std::cout << files.size() << " inputs replayed\n";
    return 0;
}
