#include "config/proposals.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

using namespace keel;
using namespace keel::config;

namespace {

std::vector<std::string> words(const std::string& text) {
    std::istringstream stream(text);
    return {std::istream_iterator<std::string>(stream), {}};
}

// strongSwan's notation as charon's log has it, by a table of the test's own.
std::string logged(const std::string& protocol, const std::string& proposal) {
    static const std::map<std::string, std::string> kNames{{"aes256", "AES_CBC_256"},
                                                           {"aes192", "AES_CBC_192"},
                                                           {"aes128", "AES_CBC_128"},
                                                           {"3des", "3DES_CBC"},
                                                           {"aes128gcm16", "AES_GCM_16_128"},
                                                           {"aes256gcm16", "AES_GCM_16_256"},
                                                           {"sha1", "HMAC_SHA1_96"},
                                                           {"sha256", "HMAC_SHA2_256_128"},
                                                           {"sha384", "HMAC_SHA2_384_192"},
                                                           {"sha512", "HMAC_SHA2_512_256"},
                                                           {"prfsha384", "PRF_HMAC_SHA2_384"},
                                                           {"modp1024", "MODP_1024"},
                                                           {"modp2048", "MODP_2048"},
                                                           {"modp3072", "MODP_3072"},
                                                           {"ecp256", "ECP_256"},
                                                           {"ecp384", "ECP_384"}};
    static const std::map<std::string, std::string> kPrfs{{"sha1", "PRF_HMAC_SHA1"},
                                                          {"sha256", "PRF_HMAC_SHA2_256"},
                                                          {"sha384", "PRF_HMAC_SHA2_384"},
                                                          {"sha512", "PRF_HMAC_SHA2_512"}};
    std::string out = protocol + ":", rest = proposal, prf;
    for (char& c : rest) c = c == '-' ? ' ' : c;
    for (const std::string& word : words(rest)) {
        REQUIRE_MESSAGE(kNames.contains(word), word);
        if (out.back() != ':') out += '/';
        out += kNames.at(word);
        if (protocol == "IKE" && kPrfs.contains(word)) out += "/" + kPrfs.at(word);
    }
    return protocol == "ESP" ? out + "/NO_EXT_SEQ" : out;
}

std::string logged_list(const std::string& protocol, const std::string& proposals) {
    std::string out;
    for (const std::string& one : words(proposals)) out += (out.empty() ? "" : ", ") + logged(protocol, one);
    return out;
}

struct Row {
    std::string client, ike, esp, set;
};
std::vector<Row> rows_of_page() {
    std::ifstream page(KEEL2TP_PROPOSALS_PAGE);
    REQUIRE(page);
    std::vector<Row> rows;
    bool clients = false;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("| client |")) clients = true;
        if (!clients || !line.starts_with("| ") || line.starts_with("| client |")) continue;
        std::vector<std::string> cells;
        std::istringstream stream(line.substr(2));
        for (std::string cell; std::getline(stream, cell, '|');) cells.push_back(cell);
        REQUIRE(cells.size() >= 4);
        rows.push_back({cells[0], cells[1], cells[2], words(cells[3]).at(0)});
    }
    return rows;
}

}  // namespace

TEST_CASE("the page says per client which set admits it, and the table does") {
    const auto rows = rows_of_page();
    CHECK(rows.size() >= 12);
    for (const Row& row : rows) {
        CAPTURE(row.client);
        const auto ike = admitting_set(logged_list("IKE", row.ike));
        const auto esp = admitting_set(logged_list("ESP", row.esp));
        REQUIRE(ike);
        REQUIRE(esp);
        CHECK(name_of(std::max(*ike, *esp)) == row.set);
        // As a set is chosen, not only found: the default admits whom the page says, and nobody else.
        const bool by_default =
            !select_proposal(ike_proposals(ProposalSet::compatible, IkeVersion::v1),
                             logged_list("IKE", row.ike))
                 .empty() &&
            !select_proposal(esp_proposals(ProposalSet::compatible, IpsecConnection::Role::responder),
                             logged_list("ESP", row.esp))
                 .empty();
        CHECK(by_default == (row.set != "legacy" && row.ike.find("gcm") == std::string::npos));
    }
}

TEST_CASE("sets hold what they promise") {
    for (const ProposalSet set : kProposalSets) {
        for (const IkeVersion version : {IkeVersion::any, IkeVersion::v1, IkeVersion::v2}) {
            auto all = ike_proposals(set, version);
            for (const auto role : {IpsecConnection::Role::responder, IpsecConnection::Role::initiator}) {
                const auto esp = esp_proposals(set, role);
                all.insert(all.end(), esp.begin(), esp.end());
            }
            for (const std::string& proposal : all) {
                CAPTURE(proposal);
                CHECK(proposal.find("md5") == std::string::npos);
                CHECK_FALSE(algorithms_of(proposal, true).empty());
                if (set == ProposalSet::legacy) continue;
                CHECK(proposal.find("3des") == std::string::npos);
                CHECK(proposal.find("modp1024") == std::string::npos);
                CHECK(proposal.find("modp1536") == std::string::npos);
                if (set == ProposalSet::modern) CHECK(proposal.find("sha1") == std::string::npos);
            }
        }
        const auto v1 = ike_proposals(set, IkeVersion::v1);
        CHECK(std::ranges::none_of(v1, [](const auto& one) { return one.find("gcm") != std::string::npos; }));
        // A client that insisted on a group would not come into a server that has none.
        const auto client = esp_proposals(set, IpsecConnection::Role::initiator);
        CHECK(std::ranges::none_of(client, [](const auto& one) {
            return one.find("modp") != std::string::npos || one.find("ecp") != std::string::npos;
        }));
        const auto server = esp_proposals(set, IpsecConnection::Role::responder);
        for (const std::string& suite : client) {
            CHECK(std::ranges::count(server, suite) == 1);
            CHECK(std::ranges::count(server, suite + "-modp2048") == 1);
        }
        CHECK(proposal_set(name_of(set)) == set);
    }
    CHECK_FALSE(proposal_set("default"));
}

TEST_CASE("an offer is judged as charon judges it") {
    const std::vector<std::string> ours{"aes256-sha256-modp2048"};
    CHECK(select_proposal(ours, "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048") == ours[0]);
    // IKEv2: several algorithms of a kind in one proposal.
    CHECK(select_proposal(ours,
                          "IKE:AES_CBC_128/AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_1024/"
                          "MODP_2048") == ours[0]);
    CHECK(select_proposal(ours, "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_1024").empty());
    CHECK(select_proposal(ours, "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA1/MODP_2048").empty());
    // A group that only one side has.
    CHECK(select_proposal({"aes256-sha1"}, "ESP:AES_CBC_256/HMAC_SHA1_96/MODP_1024/NO_EXT_SEQ").empty());
    CHECK(select_proposal({"aes256-sha1-modp2048"}, "ESP:AES_CBC_256/HMAC_SHA1_96/NO_EXT_SEQ").empty());
    CHECK(select_proposal({"aes128gcm16"}, "ESP:AES_GCM_16_128/NO_EXT_SEQ") == "aes128gcm16");
    CHECK(select_proposal({"aes128gcm16"}, "ESP:AES_GCM_16_128/HMAC_SHA1_96/NO_EXT_SEQ").empty());
    CHECK(select_proposal({"twofish256-sha1"}, "ESP:TWOFISH_CBC_256/HMAC_SHA1_96/NO_EXT_SEQ").empty());
    CHECK_FALSE(admitting_set("IKE:DES_CBC/HMAC_MD5_96/PRF_HMAC_MD5/MODP_768"));
    CHECK_FALSE(admitting_set(""));
    CHECK_FALSE(admitting_set("nonsense, /, IKE:, ESP:/"));
    CHECK(admitting_set("IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024, "
                        "IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/ECP_384") == ProposalSet::compatible);
}
