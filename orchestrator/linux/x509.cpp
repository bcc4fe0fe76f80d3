#include "linux/x509.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>

#include "base/secret.hpp"

namespace keel::x509 {
namespace {

using Bio = std::unique_ptr<BIO, Freed<BIO, BIO_free_all>>;

Bio bio_of(const void* data, std::size_t size) {
    return Bio(BIO_new_mem_buf(data, static_cast<int>(size)));
}

constexpr std::string_view kPem = "-----BEGIN";

// Never asks a terminal.
int no_passphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

template <class T, class Encode>
std::string encoded(const T& value, Encode encode) {
    unsigned char* out = nullptr;
    const int size = encode(const_cast<T*>(&value), &out);
    std::string text;
    if (size > 0) text.assign(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
    OPENSSL_free(out);
    return text;
}

// What did not parse is no news to a later call.
struct ForgetErrors {
    ForgetErrors() = default;
    ForgetErrors(const ForgetErrors&) = delete;
    ForgetErrors& operator=(const ForgetErrors&) = delete;
    ~ForgetErrors() { ERR_clear_error(); }
};

}  // namespace

std::vector<Cert> parse_certs(std::string_view text) {
    const ForgetErrors forget;
    std::vector<Cert> out;
    const Bio bio = bio_of(text.data(), text.size());
    if (text.find(kPem) == std::string_view::npos) {
        if (Cert cert{d2i_X509_bio(bio.get(), nullptr)}) out.push_back(std::move(cert));
        return out;
    }
    while (Cert cert{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) out.push_back(std::move(cert));
    return out;
}

std::vector<Crl> parse_crls(std::string_view text) {
    const ForgetErrors forget;
    std::vector<Crl> out;
    const Bio bio = bio_of(text.data(), text.size());
    if (text.find(kPem) == std::string_view::npos) {
        if (Crl crl{d2i_X509_CRL_bio(bio.get(), nullptr)}) out.push_back(std::move(crl));
        return out;
    }
    while (Crl crl{PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)})
        out.push_back(std::move(crl));
    return out;
}

Key parse_public_key(std::string_view text) {
    const ForgetErrors forget;
    const Bio bio = bio_of(text.data(), text.size());
    if (text.find(kPem) == std::string_view::npos) return Key(d2i_PUBKEY_bio(bio.get(), nullptr));
    return Key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
}

ParsedKey parse_private_key(ByteView text) {
    const ForgetErrors forget;
    const Bio bio = bio_of(text.data(), text.size());
    bool asked = false;
    Key key;
    if (as_text(text).find(kPem) == std::string_view::npos) {
        key.reset(d2i_PrivateKey_bio(bio.get(), nullptr));
    } else {
        key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &asked));
    }
    if (key) return {std::move(key), KeyFault::none};
    return {nullptr, asked ? KeyFault::passphrase : KeyFault::not_a_key};
}

std::string der_of(const X509& cert) {
    return encoded(cert, i2d_X509);
}
std::string der_of(const X509_CRL& crl) {
    return encoded(crl, i2d_X509_CRL);
}
std::string public_der_of(const EVP_PKEY& key) {
    return encoded(key, i2d_PUBKEY);
}

Bytes private_der_of(const EVP_PKEY& key) {
    unsigned char* out = nullptr;
    const int size = i2d_PrivateKey(&key, &out);
    if (size <= 0) return {};
    Bytes der(out, out + size);
    wipe(out, static_cast<std::size_t>(size));
    OPENSSL_free(out);
    return der;
}

std::string key_type_of(const EVP_PKEY& key) {
    switch (EVP_PKEY_get_base_id(&key)) {
        case EVP_PKEY_RSA: return "rsa";
        case EVP_PKEY_EC: return "ecdsa";
        default: return "any";
    }
}

std::string name_text(const X509_NAME& name) {
    const Bio bio(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(bio.get(), &name, 0, ASN1_STRFLGS_RFC2253 | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::int64_t seconds_of(const ASN1_TIME& time) {
    std::tm parts{};
    return ASN1_TIME_to_tm(&time, &parts) == 1 ? timegm(&parts) : 0;
}

}  // namespace keel::x509
