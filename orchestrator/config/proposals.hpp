// The sets of IKE and ESP proposals by name: one table, in strongSwan's notation, best first. What each set
// admits, per client, is in proposals.md, and a test holds the page to this table. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports.hpp"

namespace keel::config {

enum class ProposalSet {
    modern,      // SHA-2 or an AEAD, groups of 2048 bits and more
    compatible,  // and SHA-1 as HMAC: what today's operating systems offer
    legacy,      // and 3DES, and groups below 2048 bits
};
inline constexpr ProposalSet kProposalSets[] = {ProposalSet::modern, ProposalSet::compatible,
                                                ProposalSet::legacy};

[[nodiscard]] std::string_view name_of(ProposalSet set);
[[nodiscard]] std::optional<ProposalSet> proposal_set(std::string_view name);

// IKEv1 knows no AEAD for IKE itself: without them for that version.
[[nodiscard]] std::vector<std::string> ike_proposals(ProposalSet set, IkeVersion version);
// A responder needs an exact match, so that it has each suite without and with each Diffie-Hellman group. A
// client has them without: in IKEv1 it would otherwise insist on the group.
[[nodiscard]] std::vector<std::string> esp_proposals(ProposalSet set, IpsecConnection::Role role);

// What a peer offers, in charon's words ("IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_1024,
// ESP:..."), as a responder's charon judges it: the strictest set that admits one of them; nothing where none
// does.
[[nodiscard]] std::optional<ProposalSet> admitting_set(std::string_view offered);
// The first of `ours` that is admitted by what is offered, in charon's words; empty: none.
[[nodiscard]] std::string select_proposal(const std::vector<std::string>& ours, std::string_view offered);

// The algorithms that a proposal needs, as charon's get-algorithms names them: "AES_CBC", "HMAC_SHA1_96",
// "PRF_HMAC_SHA1" (of an IKE proposal), "MODP_2048". Words that are not of our table are left out.
[[nodiscard]] std::vector<std::string> algorithms_of(std::string_view proposal, bool ike);

}  // namespace keel::config
