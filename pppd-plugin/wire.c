#include "wire.h"

#include <string.h>

enum kind { U8, U16, U32, BYTES };

struct field {
    uint16_t tag;
    uint8_t kind; /* enum kind */
    uint8_t required;
    uint16_t offset; /* in the frame's struct */
    uint32_t max;    /* greatest value, or greatest size of BYTES */
};

#define FIELD(tag, kind, required, type, member, max) \
    { tag, kind, required, offsetof(struct type, member), max }
#define FIELDS(list) list, sizeof(list) / sizeof(list[0])

/* Tags are per type; 0 is never used, so that a run of zeroes is no TLV. */
static const struct field hello_fields[] = {
    FIELD(1, BYTES, 1, keel_hello, pppd_version, 32),
    FIELD(2, U32, 1, keel_hello, pid, UINT32_MAX),
};
static const struct field work_fields[] = {
    FIELD(1, U8, 1, keel_work, role, KEEL_SERVER),
    FIELD(2, BYTES, 0, keel_work, methods, KEEL_MAX_METHODS),
    FIELD(3, BYTES, 0, keel_work, user, KEEL_MAX_NAME),
    FIELD(4, BYTES, 0, keel_work, secret, KEEL_MAX_SECRET),
    FIELD(5, U16, 1, keel_work, mtu, UINT16_MAX),
    FIELD(6, U16, 1, keel_work, mru, UINT16_MAX),
    FIELD(7, U32, 0, keel_work, local, UINT32_MAX),
    FIELD(8, U32, 0, keel_work, dns1, UINT32_MAX),
    FIELD(9, U32, 0, keel_work, dns2, UINT32_MAX),
    FIELD(10, U16, 0, keel_work, echo_interval, UINT16_MAX),
    FIELD(11, U16, 0, keel_work, echo_failures, UINT16_MAX),
    FIELD(12, U32, 0, keel_work, flags, UINT32_MAX),
};
static const struct field login_fields[] = {
    FIELD(1, U8, 1, keel_login, method, KEEL_MSCHAP_V2),
    FIELD(2, BYTES, 1, keel_login, user, KEEL_MAX_NAME),
    FIELD(3, BYTES, 0, keel_login, password, KEEL_MAX_SECRET),
    FIELD(4, U8, 0, keel_login, identifier, UINT8_MAX),
    FIELD(5, BYTES, 0, keel_login, challenge, KEEL_MAX_CHALLENGE),
    FIELD(6, BYTES, 0, keel_login, response, KEEL_MAX_CHALLENGE),
};
static const struct field verdict_fields[] = {
    FIELD(1, U8, 1, keel_verdict, accepted, 1),
    FIELD(2, BYTES, 0, keel_verdict, message, KEEL_MAX_MESSAGE),
    FIELD(3, U32, 0, keel_verdict, address, UINT32_MAX),
};
static const struct field address_fields[] = {
    FIELD(1, U32, 0, keel_address, address, UINT32_MAX),
};
static const struct field phase_fields[] = {
    FIELD(1, U8, 1, keel_phase, phase, KEEL_PHASE_TERMINATE),
};
static const struct field ip_up_fields[] = {
    FIELD(1, BYTES, 1, keel_ip_up, interface_name, KEEL_MAX_INTERFACE),
    FIELD(2, U32, 1, keel_ip_up, local, UINT32_MAX),
    FIELD(3, U32, 1, keel_ip_up, remote, UINT32_MAX),
    FIELD(4, U32, 0, keel_ip_up, dns1, UINT32_MAX),
    FIELD(5, U32, 0, keel_ip_up, dns2, UINT32_MAX),
    FIELD(6, U16, 1, keel_ip_up, mtu, UINT16_MAX),
};
static const struct field exit_fields[] = {
    FIELD(1, U8, 1, keel_exit, status, UINT8_MAX),
    FIELD(2, U8, 1, keel_exit, cause, KEEL_CAUSE_NO_ADDRESS),
    FIELD(3, BYTES, 0, keel_exit, message, KEEL_MAX_MESSAGE),
    FIELD(4, U16, 0, keel_exit, protocol, UINT16_MAX),
};

static const struct field echo_fields[] = {
    FIELD(1, U32, 1, keel_echo, sent, UINT32_MAX),
    FIELD(2, U32, 1, keel_echo, received, UINT32_MAX),
};

static const struct {
    const struct field* fields;
    size_t count;
} types[] = {
    [KEEL_HELLO] = {FIELDS(hello_fields)},
    [KEEL_WORK] = {FIELDS(work_fields)},
    [KEEL_LOGIN] = {FIELDS(login_fields)},
    [KEEL_VERDICT] = {FIELDS(verdict_fields)},
    [KEEL_ADDRESS_REQUEST] = {NULL, 0},
    [KEEL_ADDRESS] = {FIELDS(address_fields)},
    [KEEL_PHASE] = {FIELDS(phase_fields)},
    [KEEL_IP_UP] = {FIELDS(ip_up_fields)},
    [KEEL_IP_DOWN] = {NULL, 0},
    [KEEL_EXIT] = {FIELDS(exit_fields)},
    [KEEL_ECHO] = {FIELDS(echo_fields)},
};

static int known_type(uint8_t type) {
    return type >= KEEL_HELLO && type <= KEEL_ECHO;
}

static uint32_t load(const uint8_t* p, size_t size) {
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) value = (value << 8) | p[i];
    return value;
}

static void store(uint8_t* p, uint32_t value, size_t size) {
    for (size_t i = 0; i < size; ++i) p[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

static size_t width(uint8_t kind) {
    return kind == U8 ? 1 : kind == U16 ? 2 : 4;
}

static uint32_t load_member(const void* member, uint8_t kind) {
    if (kind == U8) return *(const uint8_t*)member;
    if (kind == U16) return *(const uint16_t*)member;
    return *(const uint32_t*)member;
}

static void store_member(void* member, uint8_t kind, uint32_t value) {
    if (kind == U8)
        *(uint8_t*)member = (uint8_t)value;
    else if (kind == U16)
        *(uint16_t*)member = (uint16_t)value;
    else
        *(uint32_t*)member = value;
}

/* One TLV after `used` octets; returns the new `used`, or 0. Zero and empty optional values are left out. */
static size_t encode_field(const struct field* field, const void* member, uint8_t* out, size_t space,
                           size_t used) {
    const struct keel_bytes* bytes = member;
    const uint32_t value = field->kind == BYTES ? 0 : load_member(member, field->kind);
    const size_t size = field->kind == BYTES ? bytes->size : width(field->kind);
    if (field->kind == BYTES ? size > field->max : value > field->max) return 0;
    if (!field->required && (field->kind == BYTES ? size == 0 : value == 0)) return used;
    if (space - used < 4 + size) return 0;
    store(out + used, field->tag, 2);
    store(out + used + 2, (uint32_t)size, 2);
    if (field->kind != BYTES)
        store(out + used + 4, value, size);
    else if (size > 0)
        memcpy(out + used + 4, bytes->data, size);
    return used + 4 + size;
}

size_t keel_wire_encode(const struct keel_frame* frame, uint8_t* out, size_t space) {
    if (!known_type(frame->type) || space < KEEL_WIRE_HEADER) return 0;
    if (space > KEEL_WIRE_MAX_FRAME) space = KEEL_WIRE_MAX_FRAME;
    size_t used = KEEL_WIRE_HEADER;
    for (size_t i = 0; i < types[frame->type].count; ++i) {
        const struct field* field = &types[frame->type].fields[i];
        used = encode_field(field, (const char*)&frame->as + field->offset, out, space, used);
        if (used == 0) return 0;
    }
    out[0] = KEEL_WIRE_VERSION;
    out[1] = frame->type;
    store(out + 2, (uint32_t)(used - KEEL_WIRE_HEADER), 2);
    store(out + 4, frame->request, 4);
    return used;
}

static int decode_field(const struct field* field, const uint8_t* value, size_t size,
                        struct keel_frame* frame) {
    void* member = (char*)&frame->as + field->offset;
    if (field->kind == BYTES) {
        struct keel_bytes* bytes = member;
        if (size > field->max) return 0;
        bytes->data = value;
        bytes->size = size;
        return 1;
    }
    if (size != width(field->kind)) return 0;
    const uint32_t number = load(value, size);
    if (number > field->max) return 0;
    store_member(member, field->kind, number);
    return 1;
}

static int decode_tlvs(const uint8_t* data, size_t size, struct keel_frame* frame) {
    const struct field* fields = types[frame->type].fields;
    const size_t count = types[frame->type].count;
    uint32_t seen = 0; /* bit i: fields[i] */
    while (size > 0) {
        if (size < 4) return 0;
        const uint16_t tag = (uint16_t)load(data, 2);
        const size_t length = load(data + 2, 2);
        if (tag == 0 || length > size - 4) return 0;
        for (size_t i = 0; i < count; ++i) {
            if (fields[i].tag != tag) continue;
            if (seen & (1u << i) || !decode_field(&fields[i], data + 4, length, frame)) return 0;
            seen |= 1u << i;
        }
        data += 4 + length;
        size -= 4 + length;
    }
    for (size_t i = 0; i < count; ++i)
        if (fields[i].required && !(seen & (1u << i))) return 0;
    return 1;
}

static int methods_are_known(const struct keel_bytes* methods) {
    for (size_t i = 0; i < methods->size; ++i)
        if (methods->data[i] > KEEL_MSCHAP_V2) return 0;
    return 1;
}

int keel_wire_decode(const uint8_t* data, size_t size, struct keel_frame* frame) {
    memset(frame, 0, sizeof *frame);
    if (size < KEEL_WIRE_HEADER || size > KEEL_WIRE_MAX_FRAME) return 0;
    if (data[0] != KEEL_WIRE_VERSION || !known_type(data[1])) return 0;
    if (load(data + 2, 2) != size - KEEL_WIRE_HEADER) return 0;
    frame->type = data[1];
    frame->request = load(data + 4, 4);
    if (decode_tlvs(data + KEEL_WIRE_HEADER, size - KEEL_WIRE_HEADER, frame) &&
        (frame->type != KEEL_WORK || methods_are_known(&frame->as.work.methods)))
        return 1;
    memset(frame, 0, sizeof *frame);
    return 0;
}

void keel_wire_wipe(void* memory, size_t size) {
    volatile uint8_t* bytes = memory;
    while (size-- > 0) *bytes++ = 0;
}
