/* login: pppd's authentication hooks. As a server every claim is put before the controller; as a client the
 * secret of the work frame is handed out. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "compat.h"
#include "session.h"

/* pppd keeps the pointer for a moment after pap_auth_hook has returned. */
static char verdict_message[KEEL_MAX_MESSAGE + 1];

static void keep_string(char* out, size_t space, struct keel_bytes bytes) {
    size_t size = bytes.size < space ? bytes.size : space - 1;
    memcpy(out, bytes.data, size);
    out[size] = 0;
}

/* Puts the claim before the controller; returns 1 when it is accepted. `verdict_message` is set. */
static int judge(struct keel_frame* claim) {
    struct keel_frame answer;
    verdict_message[0] = 0;
    keep_string(keel_session.refused_user, sizeof keel_session.refused_user, claim->as.login.user);
    const enum keel_answer how =
        keel_controller_ask(&keel_session.controller, claim, KEEL_VERDICT, &answer, NULL);
    keel_snoop_forget_login(&keel_session.snoop);
    if (how != KEEL_ANSWERED) {
        keel_end_unanswered(how);
        return 0;
    }
    const struct keel_verdict* verdict = &answer.as.verdict;
    if (verdict->message.size > 0) keep_string(verdict_message, sizeof verdict_message, verdict->message);
    if (verdict->accepted) {
        keel_session.peer_address = htonl(verdict->address);
        ipcp_wantoptions[0].hisaddr = keel_session.peer_address;
    }
    return verdict->accepted;
}

/* Both roles: pppd asks this too to learn whether it could log in somewhere itself. */
static int check_hook(void) {
    return keel_session.server ? keel_session.login_required : keel_session.has_secret;
}

static int pap_auth(char* user, char* password, char** message, struct wordlist** addresses,
                    struct wordlist** options) {
    struct keel_frame claim = {.type = KEEL_LOGIN};
    (void)user; /* pppd's copies have octets escaped */
    (void)password;
    *addresses = NULL;
    *options = NULL;
    *message = verdict_message;
    claim.as.login.method = KEEL_PAP;
    if (!keel_snoop_pap(&keel_session.snoop, &claim.as.login.user, &claim.as.login.password)) return 0;
    return judge(&claim);
}

static int chap_verify(char* name, char* our_name, int id, struct chap_digest_type* digest,
                       unsigned char* challenge, unsigned char* response, char* message, int message_space) {
    struct keel_frame claim = {.type = KEEL_LOGIN};
    struct keel_login* login = &claim.as.login;
    const int microsoft = digest->code == CHAP_MICROSOFT_V2;
    (void)name;
    (void)our_name;
    message[0] = 0;
    if (!microsoft && digest->code != CHAP_MD5) return 0;
    if (response[0] != (microsoft ? 49 : 16) || (microsoft && challenge[0] != 16)) return 0;
    login->method = microsoft ? KEEL_MSCHAP_V2 : KEEL_CHAP_MD5;
    login->identifier = (uint8_t)id;
    login->challenge = (struct keel_bytes){challenge + 1, challenge[0]};
    login->response = (struct keel_bytes){response + 1, response[0]};
    if (!keel_snoop_chap(&keel_session.snoop, (uint8_t)id, &login->user)) return 0;
    const int accepted = judge(&claim);
    snprintf(message, (size_t)message_space, "%s", verdict_message);
    return accepted;
}

/* `password` is null when pppd only asks whether there is one. */
static int give_secret(char* user, char* password) {
    (void)user;
    if (keel_session.server || !keel_session.has_secret) return 0;
    if (password != NULL) strlcpy(password, keel_session.secret, MAXSECRETLEN);
    return 1;
}

static int give_chap_secret(char* user, char* password) {
    return give_secret(user, password) ? 1 : -1;
}

void keel_set_login_hooks(void) {
    pap_check_hook = check_hook;
    chap_check_hook = check_hook;
    pap_passwd_hook = give_secret;
    chap_passwd_hook = give_chap_secret;
    pap_auth_hook = pap_auth;
    chap_verify_hook = chap_verify;
}
