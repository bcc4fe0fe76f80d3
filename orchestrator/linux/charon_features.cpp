#include "linux/charon_features.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "config/proposals.hpp"

namespace keel {
namespace {

// Debian's (12 and later).
constexpr std::array kStandardPlugins{"agent", "connmark", "gcm", "openssl"};
constexpr std::array kExtraPlugins{"af-alg",     "ccm",    "chapoly", "cmac",   "ctr",    "curl",
                                   "curve25519", "gcrypt", "ldap",    "pkcs11", "rdrand", "test-vectors"};

bool has_plugin(const CharonFeatures& features, std::string_view name) {
    return std::ranges::find(features.plugins, name) != features.plugins.end();
}

Error plugin_missing(std::string_view plugin, std::string_view for_what) {
    return {ErrorCode::unsupported, fmt::format("charon lacks its plugin {}, needed {}", plugin, for_what),
            fmt::format("apt install {}, see that charon.load or charon.plugins.{}.load does not exclude it, "
                        "and restart strongSwan",
                        package_of_plugin(plugin), plugin)};
}

bool knows(const CharonFeatures& features, const std::string& algorithm) {
    const auto& by_kind = features.algorithms.by_kind;
    return std::ranges::any_of(by_kind, [&](const auto& kind) { return kind.second.contains(algorithm); });
}

// What charon would need for the proposal and does not have.
std::vector<std::string> missing_of(const CharonFeatures& features, std::string_view proposal, bool ike) {
    std::vector<std::string> out;
    if (features.algorithms.by_kind.empty()) return out;
    for (std::string& algorithm : config::algorithms_of(proposal, ike)) {
        // ESP's ciphers are the kernel's; only a group is computed by charon.
        const bool group = algorithm.starts_with("MODP_") || algorithm.starts_with("ECP_") ||
                           algorithm.starts_with("CURVE_");
        if ((ike || group) && !knows(features, algorithm)) out.push_back(std::move(algorithm));
    }
    return out;
}

std::string_view plugin_for(std::string_view algorithm) {
    if (algorithm.starts_with("ECP_") || algorithm.starts_with("CURVE_")) return "openssl";
    if (algorithm.starts_with("MODP_")) return "gmp";
    if (algorithm.starts_with("AES_GCM")) return "gcm";
    if (algorithm == "AES_CBC") return "aes";
    if (algorithm == "3DES_CBC") return "openssl";
    if (algorithm.find("SHA1") != std::string_view::npos) return "sha1";
    if (algorithm.find("SHA2") != std::string_view::npos) return "sha2";
    return "openssl";
}

class Finder {
public:
    Finder(const CharonFeatures& features, std::vector<CharonLack>& out) : features_(features), out_(out) {}

    void look(const IpsecConnection& connection) {
        name_ = connection.name;
        ike_version(connection);
        proposals(connection);
        authentication(connection);
    }

private:
    void lacks(bool fatal, Error why) { out_.push_back({name_, fatal, std::move(why)}); }
    void needs(std::string_view plugin, std::string_view for_what, bool fatal = true) {
        // A list that is not told is not empty: every charon has the plugin that we speak to.
        if (features_.plugins.empty() || has_plugin(features_, plugin)) return;
        lacks(fatal, plugin_missing(plugin, for_what));
    }

    void ike_version(const IpsecConnection& connection);
    void proposals(const IpsecConnection& connection);
    void authentication(const IpsecConnection& connection);

    const CharonFeatures& features_;
    std::vector<CharonLack>& out_;
    std::string name_;
};

// "6.1.0" -> {6, 1}.
std::pair<int, int> major_minor(const std::string& version) {
    char* end = nullptr;
    const long major = std::strtol(version.c_str(), &end, 10);
    const long minor = *end == '.' ? std::strtol(end + 1, nullptr, 10) : 0;
    return {static_cast<int>(major), static_cast<int>(minor)};
}

// charon does not tell whether IKEv1 was built in. From 6.1.0 on it is only when asked for; what is certain
// then is that the plugins for XAuth, which is of IKEv1 alone, are not built without it.
void Finder::ike_version(const IpsecConnection& connection) {
    if (connection.ike == IkeVersion::v2 || major_minor(features_.version) < std::pair{6, 1}) return;
    const bool has_xauth = std::ranges::any_of(
        features_.plugins, [](const std::string& plugin) { return plugin.starts_with("xauth-"); });
    if (has_xauth) return;
    lacks(
        false,
        {ErrorCode::unsupported,
         fmt::format("strongSwan {} is built without IKEv1 unless asked for, and nothing shows that this one "
                     "has it: Windows, macOS, iOS, Android and most L2TP/IPsec peers could not connect",
                     features_.version),
         "use a strongSwan that was built with --enable-ikev1, or set \"ike\": 2 where all peers are own "
         "nodes"});
}

void Finder::proposals(const IpsecConnection& connection) {
    for (const bool ike : {true, false}) {
        const auto& wanted = ike ? connection.ike_proposals : connection.esp_proposals;
        std::set<std::string> algorithms;
        std::size_t lost = 0;
        for (const std::string& proposal : wanted) {
            const auto missing = missing_of(features_, proposal, ike);
            algorithms.insert(missing.begin(), missing.end());
            lost += missing.empty() ? 0 : 1;
        }
        if (algorithms.empty()) continue;
        std::set<std::string_view> packages, plugins;
        for (const std::string& algorithm : algorithms) {
            plugins.insert(plugin_for(algorithm));
            packages.insert(package_of_plugin(plugin_for(algorithm)));
        }
        const bool all = lost == wanted.size();
        lacks(all, {ErrorCode::unsupported,
                    fmt::format("charon cannot do {}: {} of the {} {} proposals {}",
                                fmt::join(algorithms, ", "), all ? "none" : std::to_string(lost),
                                wanted.size(), ike ? "IKE" : "ESP", all ? "is left" : "are left out"),
                    fmt::format("load charon's plugin {} (apt install {}) and restart strongSwan",
                                fmt::join(plugins, ", "), fmt::join(packages, " "))});
    }
}

void Finder::authentication(const IpsecConnection& connection) {
    if (const auto* auth = std::get_if<CertificateAuth>(&connection.auth)) {
        needs("x509", "for certificates");
        needs("pem", "for certificates and keys");
        const bool asks = auth->revocation != Revocation::relaxed || !auth->crls.empty();
        if (asks) needs("revocation", "to know of revoked certificates");
        if (auth->revocation != Revocation::relaxed && !has_plugin(features_, "curl")) {
            needs("curl", "to ask a CA for revoked certificates (OCSP, CRL)",
                  auth->crls.empty() && auth->revocation == Revocation::strict);
        }
        needs("constraints", "to obey the constraints that CAs put into certificates", false);
    } else if (std::holds_alternative<PublicKeyAuth>(connection.auth)) {
        needs("pubkey", "for raw public keys");
        needs("pem", "for keys");
    } else {
        return;
    }
    const bool signs = has_plugin(features_, "openssl") || has_plugin(features_, "gmp") ||
                       has_plugin(features_, "gcrypt") || has_plugin(features_, "wolfssl") ||
                       has_plugin(features_, "botan");
    if (!features_.plugins.empty() && !signs) lacks(true, plugin_missing("openssl", "to sign"));
}

}  // namespace

std::vector<CharonLack> find_lacks(const CharonFeatures& features,
                                   std::span<const IpsecConnection> connections) {
    std::vector<CharonLack> out;
    Finder finder(features, out);
    for (const IpsecConnection& connection : connections) finder.look(connection);
    return out;
}

std::vector<std::string> supported_proposals(const CharonFeatures& features,
                                             const std::vector<std::string>& proposals, bool ike) {
    std::vector<std::string> out;
    std::ranges::copy_if(proposals, std::back_inserter(out), [&](const std::string& proposal) {
        return missing_of(features, proposal, ike).empty();
    });
    return out.empty() ? proposals : out;
}

std::string_view package_of_plugin(std::string_view plugin) {
    if (std::ranges::find(kStandardPlugins, plugin) != kStandardPlugins.end()) {
        return "libstrongswan-standard-plugins";
    }
    if (std::ranges::find(kExtraPlugins, plugin) != kExtraPlugins.end()) return "libstrongswan-extra-plugins";
    if (plugin == "eap-mschapv2" || plugin == "xauth-generic") return "libcharon-extauth-plugins";
    return "libstrongswan";
}

}  // namespace keel
