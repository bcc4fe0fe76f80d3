/* wire: what the plugin inside pppd and the controller say to each other. One frame is one datagram of a
 * SOCK_SEQPACKET socketpair: a header and TLVs, all big-endian; README.md has the table. The codec is plain
 * C, used by both sides; it allocates nothing and keeps nothing. Decoding is whole or not at all: a frame
 * that is not exactly as the table says fills nothing in, and byte strings of a decoded frame point into the
 * frame. */
#ifndef KEEL_WIRE_H
#define KEEL_WIRE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KEEL_WIRE_VERSION = 1,
    KEEL_WIRE_HEADER = 8, /* version u8, type u8, length of the TLVs u16, request id u32 */
    KEEL_WIRE_MAX_FRAME = 2048,
    KEEL_MAX_NAME = 255,     /* octets of a user name: pppd's MAXNAMELEN - 1 */
    KEEL_MAX_SECRET = 255,   /* octets of a password: pppd's MAXSECRETLEN - 1 */
    KEEL_MAX_MESSAGE = 255,  /* octets of a message to or from the peer (RFC 1334 2.2.2) */
    KEEL_MAX_CHALLENGE = 64, /* octets of a CHAP challenge or response as pppd handles it */
    KEEL_MAX_METHODS = 4,
    KEEL_MAX_INTERFACE = 15 /* IFNAMSIZ - 1 */
};

enum keel_wire_type {
    KEEL_HELLO = 1,           /* plugin: I am here, what shall I do? */
    KEEL_WORK = 2,            /* controller, with the PPPoX fd by SCM_RIGHTS */
    KEEL_LOGIN = 3,           /* plugin asks: may this peer log in? */
    KEEL_VERDICT = 4,         /* controller */
    KEEL_ADDRESS_REQUEST = 5, /* plugin asks: which address for a peer that needs no login? */
    KEEL_ADDRESS = 6,         /* controller */
    KEEL_PHASE = 7,           /* plugin reports, as are the rest */
    KEEL_IP_UP = 8,
    KEEL_IP_DOWN = 9,
    KEEL_EXIT = 10,
    KEEL_ECHO = 11 /* plugin reports: how the LCP echoes fare, at most twice per request */
};

enum keel_role { KEEL_CLIENT = 0, KEEL_SERVER = 1 };
enum keel_method { KEEL_PAP = 0, KEEL_CHAP_MD5 = 1, KEEL_MSCHAP_V2 = 2 };
enum keel_phase_value {
    KEEL_PHASE_STARTING = 0,
    KEEL_PHASE_LCP = 1,
    KEEL_PHASE_AUTHENTICATE = 2,
    KEEL_PHASE_NETWORK = 3,
    KEEL_PHASE_RUNNING = 4,
    KEEL_PHASE_TERMINATE = 5
};
enum keel_cause {
    KEEL_CAUSE_STOPPED = 0,           /* told to: a signal, or the controller went away */
    KEEL_CAUSE_PEER_TERMINATED = 1,   /* the peer sent an LCP Terminate-Request */
    KEEL_CAUSE_AUTH_FAILED = 2,       /* the peer refused our login, or could not prove itself to us */
    KEEL_CAUSE_AUTH_REFUSED_PEER = 3, /* we refused the peer's login */
    KEEL_CAUSE_ECHO_LOST = 4,
    KEEL_CAUSE_NEGOTIATION = 5, /* LCP got no answer, or LCP or IPCP (`protocol` says which) no agreement */
    KEEL_CAUSE_LOST = 6,        /* the channel went away */
    KEEL_CAUSE_ERROR = 7,
    KEEL_CAUSE_SILENT = 8,           /* no PPP frame came at all */
    KEEL_CAUSE_AUTH_TIMEOUT = 9,     /* the peer did not go on with the login */
    KEEL_CAUSE_AUTH_METHOD = 10,     /* the peer would not log in by any method that is allowed */
    KEEL_CAUSE_NETWORK_TIMEOUT = 11, /* IPCP got no answer */
    KEEL_CAUSE_NO_NETWORK = 12,      /* the peer rejected IPCP */
    KEEL_CAUSE_NO_ADDRESS = 13       /* server: there is no address for the peer */
};
enum keel_work_flag {
    KEEL_WORK_DIE_WITH_CONTROLLER = 1, /* PR_SET_PDEATHSIG */
    KEEL_WORK_WANT_DNS = 2             /* client: ask the peer for DNS servers */
};

struct keel_bytes {
    const uint8_t* data;
    size_t size;
};

/* IPv4 addresses are in host byte order; 0 is none. */
struct keel_hello {
    struct keel_bytes pppd_version;
    uint32_t pid;
};
struct keel_work {
    uint8_t role;              /* keel_role */
    struct keel_bytes methods; /* server: keel_method each, best first; empty: the peer need not log in */
    struct keel_bytes user, secret; /* client */
    uint16_t mtu, mru;
    uint32_t local;
    uint32_t dns1, dns2;
    uint16_t echo_interval; /* seconds; 0: none */
    uint16_t echo_failures;
    uint32_t flags; /* keel_work_flag */
};
struct keel_login {
    uint8_t method; /* keel_method */
    struct keel_bytes user;
    struct keel_bytes password; /* PAP */
    uint8_t identifier;         /* CHAP */
    struct keel_bytes challenge, response;
};
struct keel_verdict {
    uint8_t accepted;
    struct keel_bytes message;
    uint32_t address;
};
struct keel_address {
    uint32_t address;
};
struct keel_phase {
    uint8_t phase; /* keel_phase_value */
};
struct keel_ip_up {
    struct keel_bytes interface_name;
    uint32_t local, remote;
    uint32_t dns1, dns2;
    uint16_t mtu;
};
struct keel_exit {
    uint8_t status; /* pppd's own exit status */
    uint8_t cause;  /* keel_cause */
    struct keel_bytes message;
    uint16_t protocol; /* PPP's number of the protocol that failed: 0xc021 LCP, 0xc223 CHAP; 0: none */
};

struct keel_echo {
    uint32_t sent;     /* Echo-Requests since the beginning */
    uint32_t received; /* Echo-Replies to them */
};

struct keel_frame {
    uint8_t type;     /* keel_wire_type, which selects the member; ADDRESS_REQUEST and IP_DOWN have none */
    uint32_t request; /* of a question and its answer; 0 elsewhere */
    union {
        struct keel_hello hello;
        struct keel_work work;
        struct keel_login login;
        struct keel_verdict verdict;
        struct keel_address address;
        struct keel_phase phase;
        struct keel_ip_up ip_up;
        struct keel_exit exit;
        struct keel_echo echo;
    } as;
};

/* Writes `frame` into `out`. Returns its size in octets, or 0 when a value is outside the table's limits or
 * `space` is too small. */
size_t keel_wire_encode(const struct keel_frame* frame, uint8_t* out, size_t space);

/* Returns 1 and fills `frame` when `data` is exactly one well-formed frame of this version, else 0 and leaves
 * `frame` zeroed. Unknown TLVs are skipped; a known one twice, or of the wrong size, or a value outside its
 * enumeration, is refused. */
int keel_wire_decode(const uint8_t* data, size_t size, struct keel_frame* frame);

/* Overwrites memory in a way that the compiler may not leave out. */
void keel_wire_wipe(void* memory, size_t size);

#ifdef __cplusplus
}
#endif
#endif
