#include "config/proposals.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <span>

namespace keel::config {
namespace {

using Words = std::span<const std::string_view>;

// IKE: modern; then what compatible adds; then what legacy adds.
constexpr std::array<std::string_view, 16> kModernIke{
    "aes256gcm16-prfsha384-ecp384", "aes256gcm16-prfsha384-x25519", "aes128gcm16-prfsha256-x25519",
    "aes128gcm16-prfsha256-ecp256", "aes256-sha384-ecp384",         "aes256-sha256-x25519",
    "aes256-sha256-ecp256",         "aes128-sha256-ecp256",         "aes256-sha512-modp4096",
    "aes256-sha256-modp4096",       "aes256-sha256-modp3072",       "aes128-sha256-modp3072",
    "aes256-sha512-modp2048",       "aes256-sha384-modp2048",       "aes256-sha256-modp2048",
    "aes128-sha256-modp2048",
};
constexpr std::array<std::string_view, 5> kCompatibleIke{
    "aes256-sha1-ecp384",  // Windows
    "aes128-sha1-ecp256",  // Windows
    "aes256-sha1-modp2048", "aes192-sha1-modp2048", "aes128-sha1-modp2048",
};
constexpr std::array<std::string_view, 12> kLegacyIke{
    "aes256-sha512-modp1024", "aes256-sha384-modp1024", "aes256-sha256-modp1536", "aes256-sha256-modp1024",
    "aes256-sha1-modp1536",   "aes256-sha1-modp1024",   "aes128-sha256-modp1024", "aes128-sha1-modp1536",
    "aes128-sha1-modp1024",   "3des-sha1-modp2048",     "3des-sha1-modp1536",     "3des-sha1-modp1024",
};

// ESP, without groups. Legacy puts SHA-1 before SHA-256: old Androids cut SHA-256 to 96 bits, which charon
// cannot know (it is not negotiated), and then no packet gets through.
constexpr std::array<std::string_view, 6> kModernEsp{
    "aes128gcm16", "aes256gcm16", "aes256-sha256", "aes128-sha256", "aes256-sha512", "aes256-sha384",
};
constexpr std::array<std::string_view, 3> kCompatibleEsp{"aes256-sha1", "aes192-sha1", "aes128-sha1"};
constexpr std::array<std::string_view, 10> kLegacyEsp{
    "aes128gcm16",   "aes256gcm16",   "aes256-sha1",   "aes192-sha1",   "aes128-sha1",
    "aes256-sha256", "aes128-sha256", "aes256-sha512", "aes256-sha384", "3des-sha1",
};

constexpr std::array<std::string_view, 6> kGroups{"x25519",   "ecp256",   "ecp384",
                                                  "modp4096", "modp3072", "modp2048"};
constexpr std::array<std::string_view, 2> kLegacyGroups{"modp1536", "modp1024"};

void append(std::vector<std::string>& out, Words words) {
    out.insert(out.end(), words.begin(), words.end());
}

// strongSwan's notation and charon's log name algorithms differently.
struct Name {
    std::string_view keyword, logged;
};
constexpr std::array kCiphers{
    Name{"aes128", "AES_CBC_128"},         Name{"aes192", "AES_CBC_192"},
    Name{"aes256", "AES_CBC_256"},         Name{"3des", "3DES_CBC"},
    Name{"aes128gcm16", "AES_GCM_16_128"}, Name{"aes256gcm16", "AES_GCM_16_256"},
};
constexpr std::array kIntegrities{
    Name{"sha1", "HMAC_SHA1_96"},
    Name{"sha256", "HMAC_SHA2_256_128"},
    Name{"sha384", "HMAC_SHA2_384_192"},
    Name{"sha512", "HMAC_SHA2_512_256"},
};
constexpr std::array kPrfs{
    Name{"sha1", "PRF_HMAC_SHA1"},          Name{"sha256", "PRF_HMAC_SHA2_256"},
    Name{"sha384", "PRF_HMAC_SHA2_384"},    Name{"sha512", "PRF_HMAC_SHA2_512"},
    Name{"prfsha256", "PRF_HMAC_SHA2_256"}, Name{"prfsha384", "PRF_HMAC_SHA2_384"},
};
constexpr std::array kDhGroups{
    Name{"x25519", "CURVE_25519"}, Name{"ecp256", "ECP_256"},     Name{"ecp384", "ECP_384"},
    Name{"ecp521", "ECP_521"},     Name{"modp4096", "MODP_4096"}, Name{"modp3072", "MODP_3072"},
    Name{"modp2048", "MODP_2048"}, Name{"modp1536", "MODP_1536"}, Name{"modp1024", "MODP_1024"},
};

std::string_view logged_name(std::span<const Name> names, std::string_view keyword) {
    const auto found = std::ranges::find(names, keyword, &Name::keyword);
    return found == names.end() ? std::string_view() : found->logged;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(at), text.size());
        const std::size_t first = std::min(text.find_first_not_of(' '), end);
        out.push_back(text.substr(first, end - first));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

// One proposal of ours in charon's words; nothing where a word is not of our table (an explicit list).
struct Suite {
    std::string_view cipher, integrity, prf, group;
};
std::optional<Suite> suite_of(std::string_view proposal) {
    Suite suite;
    for (const std::string_view word : split(proposal, '-')) {
        if (const auto cipher = logged_name(kCiphers, word); !cipher.empty()) {
            suite.cipher = cipher;
        } else if (const auto integrity = logged_name(kIntegrities, word); !integrity.empty()) {
            suite.integrity = integrity;
            if (suite.prf.empty()) suite.prf = logged_name(kPrfs, word);
        } else if (const auto prf = logged_name(kPrfs, word); !prf.empty()) {
            suite.prf = prf;
        } else if (const auto group = logged_name(kDhGroups, word); !group.empty()) {
            suite.group = group;
        } else {
            return std::nullopt;
        }
    }
    return suite;
}

// A proposal may hold several algorithms of a kind (IKEv2); a kind that only one side has does not match.
bool admits(const Suite& ours, std::string_view offered) {
    const bool ike = offered.starts_with("IKE:");
    if (!ike && !offered.starts_with("ESP:")) return false;
    const auto words = split(offered.substr(4), '/');
    const std::set<std::string_view> has(words.begin(), words.end());
    const auto agrees = [&](std::string_view wanted, auto is_kind) {
        return wanted.empty() ? std::ranges::none_of(has, is_kind) : has.contains(wanted);
    };
    const auto is_group = [](std::string_view word) {
        return word.starts_with("MODP_") || word.starts_with("ECP_") || word.starts_with("CURVE_");
    };
    const auto is_integrity = [](std::string_view word) { return word.starts_with("HMAC_"); };
    const auto is_prf = [](std::string_view word) { return word.starts_with("PRF_"); };
    return has.contains(ours.cipher) && agrees(ours.integrity, is_integrity) &&
           agrees(ike ? ours.prf : std::string_view(), is_prf) && agrees(ours.group, is_group);
}

}  // namespace

std::string_view name_of(ProposalSet set) {
    switch (set) {
        case ProposalSet::modern: return "modern";
        case ProposalSet::compatible: return "compatible";
        case ProposalSet::legacy: return "legacy";
    }
    return "";
}

std::optional<ProposalSet> proposal_set(std::string_view name) {
    for (const ProposalSet set : kProposalSets) {
        if (name_of(set) == name) return set;
    }
    return std::nullopt;
}

std::vector<std::string> ike_proposals(ProposalSet set, IkeVersion version) {
    std::vector<std::string> out;
    append(out, kModernIke);
    if (set != ProposalSet::modern) append(out, kCompatibleIke);
    if (set == ProposalSet::legacy) append(out, kLegacyIke);
    if (version == IkeVersion::v1) {
        std::erase_if(out,
                      [](const std::string& proposal) { return proposal.find("gcm") != std::string::npos; });
    }
    return out;
}

std::vector<std::string> esp_proposals(ProposalSet set, IpsecConnection::Role role) {
    std::vector<std::string> suites;
    if (set == ProposalSet::legacy) {
        append(suites, kLegacyEsp);
    } else {
        append(suites, kModernEsp);
        if (set == ProposalSet::compatible) append(suites, kCompatibleEsp);
    }
    if (role == IpsecConnection::Role::initiator) return suites;
    std::vector<std::string> groups;
    append(groups, kGroups);
    if (set == ProposalSet::legacy) append(groups, kLegacyGroups);
    std::vector<std::string> out;
    for (const std::string& suite : suites) {
        out.push_back(suite);
        for (const std::string& group : groups) out.push_back(suite + "-" + group);
    }
    return out;
}

std::string select_proposal(const std::vector<std::string>& ours, std::string_view offered) {
    const auto theirs = split(offered, ',');
    for (const std::string& proposal : ours) {
        const auto suite = suite_of(proposal);
        if (!suite) continue;
        if (std::ranges::any_of(theirs, [&](std::string_view one) { return admits(*suite, one); })) {
            return proposal;
        }
    }
    return {};
}

std::vector<std::string> algorithms_of(std::string_view proposal, bool ike) {
    std::vector<std::string> out;
    for (const std::string_view word : split(proposal, '-')) {
        for (const auto names : {std::span<const Name>(kIntegrities), std::span<const Name>(kDhGroups)}) {
            if (const auto name = logged_name(names, word); !name.empty()) out.emplace_back(name);
        }
        if (auto cipher = logged_name(kCiphers, word); !cipher.empty()) {
            if (!cipher.starts_with("3DES")) cipher.remove_suffix(4);  // the key's size
            out.emplace_back(cipher);
        }
        if (const auto prf = logged_name(kPrfs, word); ike && !prf.empty()) out.emplace_back(prf);
    }
    return out;
}

std::optional<ProposalSet> admitting_set(std::string_view offered) {
    const bool ike = offered.find("IKE:") != std::string_view::npos;
    for (const ProposalSet set : kProposalSets) {
        const auto ours =
            ike ? ike_proposals(set, IkeVersion::any) : esp_proposals(set, IpsecConnection::Role::responder);
        if (!select_proposal(ours, offered).empty()) return set;
    }
    return std::nullopt;
}

}  // namespace keel::config
