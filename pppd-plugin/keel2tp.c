/* keel2tp: the plugin inside pppd. It asks the controller for its work over one socket, is pppd's channel
 * over the PPPoX socket that comes with it, and reports what happens. argv holds nothing but that socket's
 * number. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "compat.h"
#include "session.h"

/* pppd compares this with its own and refuses to load the plugin when they differ. */
const char pppd_version[] = KEEL_PPPD_VERSION;
/* Read by the controller's start-up check without loading the plugin. */
const char keel_plugin_mark[] = "keel2tp-plugin pppd=" KEEL_PPPD_VERSION " wire=1.";

enum { WATCH_SECONDS = 2 };

struct keel_session keel_session = {.pppox = -1, .phase = 0xff, .final_status = -1, .controller = {.fd = -1}};

void keel_end(uint8_t cause, const char* message) {
    if (!keel_session.ending) {
        keel_session.ending = 1;
        keel_session.cause = cause;
        snprintf(keel_session.message, sizeof keel_session.message, "%s", message);
    }
    kill(getpid(), SIGTERM); /* safe in every hook: pppd acts on it when it is back in its loop */
}

void keel_end_unanswered(enum keel_answer how) {
    if (how == KEEL_TIMED_OUT) keel_end(KEEL_CAUSE_ERROR, "the controller did not answer in time");
    if (how == KEEL_GONE) keel_end(KEEL_CAUSE_STOPPED, "the controller went away");
}

static int told_to_end(void) {
    return ppp_signaled(SIGTERM);
}

/* ---- the work */

/* pppd's own option parser checks names and ranges, and is the same in 2.4.9 and 2.5. */
static int set_option(const char* name, const char* value) {
    struct wordlist argument = {NULL, (char*)(value != NULL ? value : "")};
    struct wordlist option = {value != NULL ? &argument : NULL, (char*)name};
    return options_from_list(&option, 1);
}

static int set_number(const char* name, unsigned value) {
    char text[12];
    snprintf(text, sizeof text, "%u", value);
    return set_option(name, text);
}

static void disable_protocols(void) {
    for (int i = 0; protocols[i] != NULL; ++i) {
        const unsigned protocol = protocols[i]->protocol;
        if (protocol == PPP_IPV6CP || protocol == PPP_IPXCP || protocol == PPP_CCP || protocol == PPP_ECP)
            protocols[i]->enabled_flag = 0;
    }
    ipcp_wantoptions[0].neg_vj = 0;
    ipcp_allowoptions[0].neg_vj = 0;
    lcp_wantoptions[0].neg_asyncmap = 0;
    lcp_wantoptions[0].neg_pcompression = 0;
    lcp_wantoptions[0].neg_accompression = 0;
}

/* pppd offers CHAP before PAP, and of two CHAP digests MD5 first; it goes on to the next when the peer
 * declines. */
static int require_methods(struct keel_bytes methods) {
    static const char* const names[] = {"require-pap", "require-chap", "require-mschap-v2"};
    for (size_t i = 0; i < methods.size; ++i)
        if (!set_option(names[methods.data[i]], NULL)) return 0;
    return set_option("auth", NULL);
}

static int set_server(const struct keel_work* work) {
    static const char* const refused[] = {"refuse-pap", "refuse-chap", "refuse-mschap", "refuse-mschap-v2"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; ++i)
        if (!set_option(refused[i], NULL)) return 0;
    if (!(work->methods.size > 0 ? require_methods(work->methods) : set_option("noauth", NULL))) return 0;
    ipcp_wantoptions[0].ouraddr = htonl(work->local);
    ipcp_allowoptions[0].dnsaddr[0] = htonl(work->dns1);
    ipcp_allowoptions[0].dnsaddr[1] = htonl(work->dns2 != 0 ? work->dns2 : work->dns1);
    return 1;
}

static int set_client(const struct keel_work* work) {
    return set_option("noauth", NULL) && set_option("refuse-mschap", NULL) &&
           set_option("noipdefault", NULL) && set_option("ipcp-accept-local", NULL) &&
           set_option("ipcp-accept-remote", NULL) &&
           (keel_session.user[0] == 0 || set_option("user", keel_session.user)) &&
           (!(work->flags & KEEL_WORK_WANT_DNS) || set_option("usepeerdns", NULL));
}

static int set_common(const struct keel_work* work) {
    disable_protocols();
    ppp_set_modem(0);
    return set_option("refuse-eap", NULL) && set_number("maxfail", 1) && set_option("nopersist", NULL) &&
           set_number("mtu", work->mtu) && set_number("mru", work->mru) &&
           set_number("lcp-echo-interval", work->echo_interval) &&
           set_number("lcp-echo-failure", work->echo_failures);
}

static void keep_work(const struct keel_work* work) {
    keel_session.server = work->role == KEEL_SERVER;
    keel_session.login_required = work->methods.size > 0;
    keel_session.methods_protocol = PPP_PAP;
    for (size_t i = 0; i < work->methods.size; ++i)
        if (work->methods.data[i] != KEEL_PAP) keel_session.methods_protocol = PPP_CHAP;
    keel_session.mtu = work->mtu;
    if (work->user.size > 0) memcpy(keel_session.user, work->user.data, work->user.size);
    if (work->secret.size > 0) memcpy(keel_session.secret, work->secret.data, work->secret.size);
    keel_session.has_secret = work->secret.size > 0;
}

static void protect_process(uint32_t flags) {
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (flags & KEEL_WORK_DIE_WITH_CONTROLLER) prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
}

static struct channel keel_channel;

/* The option "keel2tp-fd N": says hello on descriptor N and sets pppd up as the answer says. */
static int take_work(char** argv) {
    struct keel_frame hello = {.type = KEEL_HELLO}, answer;
    if (!ppp_int_option(*argv, &keel_session.controller.fd)) return 0;
    keel_session.controller.interrupted = told_to_end;
    protect_process(0);
    hello.as.hello.pppd_version = (struct keel_bytes){(const uint8_t*)pppd_version, strlen(pppd_version)};
    hello.as.hello.pid = (uint32_t)getpid();
    const enum keel_answer how =
        keel_controller_ask(&keel_session.controller, &hello, KEEL_WORK, &answer, &keel_session.pppox);
    if (how != KEEL_ANSWERED || keel_session.pppox < 0) {
        ppp_option_error("keel2tp: the controller gave no work");
        return 0;
    }
    const struct keel_work* work = &answer.as.work;
    protect_process(work->flags);
    keep_work(work);
    const int set = set_common(work) && (keel_session.server ? set_server(work) : set_client(work));
    keel_controller_forget(&keel_session.controller);
    keel_set_login_hooks();
    ppp_set_pppdevnam("l2tp");
    the_channel = &keel_channel;
    return set;
}

/* ---- the channel */

static void watch_controller(void* unused) {
    if (keel_controller_gone(&keel_session.controller)) {
        keel_end(KEEL_CAUSE_STOPPED, "the controller went away");
        return;
    }
    ppp_timeout(watch_controller, unused, WATCH_SECONDS, 0);
}

static int channel_connect(void) {
    watch_controller(NULL);
    return keel_session.pppox;
}

static void channel_disconnect(void) {
    if (keel_session.pppox >= 0) close(keel_session.pppox);
    keel_session.pppox = -1;
}

static void channel_send_config(int mtu, u_int32_t asyncmap, int pcomp, int accomp) {
    (void)asyncmap;
    (void)pcomp;
    (void)accomp;
    ppp_set_mtu(ppp_ifunit(), mtu < keel_session.mtu ? mtu : keel_session.mtu);
}

static keel_option keel_options[] = {
    {.name = "keel2tp-fd",
     .type = o_special,
     .addr = (void*)&take_work,
     .description = "Socket to the keel2tp controller",
     .flags = OPT_PRIV | OPT_NOPRINT},
    {.name = NULL},
};

static struct channel keel_channel = {
    .options = keel_options,
    .connect = channel_connect,
    .disconnect = channel_disconnect,
    .establish_ppp = ppp_generic_establish,
    .disestablish_ppp = ppp_generic_disestablish,
    .send_config = channel_send_config,
};

/* ---- addresses */

/* IPCP is about to open. */
static void choose_address(u_int32_t* peer) {
    if (!keel_session.server) return;
    if (!keel_session.login_required && keel_session.peer_address == 0) {
        struct keel_frame question = {.type = KEEL_ADDRESS_REQUEST}, answer;
        const enum keel_answer how =
            keel_controller_ask(&keel_session.controller, &question, KEEL_ADDRESS, &answer, NULL);
        if (how == KEEL_ANSWERED) keel_session.peer_address = htonl(answer.as.address.address);
        if (how != KEEL_ANSWERED) keel_end_unanswered(how);
    }
    *peer = keel_session.peer_address;
    if (*peer == 0) keel_end(KEEL_CAUSE_NO_ADDRESS, "there is no address for the peer");
}

static int allowed_address(u_int32_t address) {
    return !keel_session.server || (address != 0 && address == keel_session.peer_address);
}

/* ---- reports */

static void on_phase(void* unused, int phase) {
    struct keel_frame report = {.type = KEEL_PHASE};
    uint8_t* out = &report.as.phase.phase;
    (void)unused;
    if (phase == PHASE_DISCONNECT && keel_session.final_status < 0) keel_session.final_status = ppp_status();
    switch (phase) {
        case PHASE_INITIALIZE:
        case PHASE_SERIALCONN: *out = KEEL_PHASE_STARTING; break;
        case PHASE_ESTABLISH: *out = KEEL_PHASE_LCP; break;
        case PHASE_AUTHENTICATE: *out = KEEL_PHASE_AUTHENTICATE; break;
        case PHASE_NETWORK: *out = KEEL_PHASE_NETWORK; break;
        case PHASE_RUNNING: *out = KEEL_PHASE_RUNNING; break;
        case PHASE_TERMINATE: *out = KEEL_PHASE_TERMINATE; break;
        default: return;
    }
    if (*out == KEEL_PHASE_AUTHENTICATE) keel_session.reached_authenticate = 1;
    if (*out == KEEL_PHASE_NETWORK) keel_session.reached_network = 1;
    /* On its way down pppd walks back through the phases: that is all one end. */
    if (keel_session.phase == KEEL_PHASE_TERMINATE) return;
    if (keel_session.snoop.peer_terminated) *out = KEEL_PHASE_TERMINATE;
    if (*out == keel_session.phase) return;
    keel_session.phase = *out;
    keel_controller_report(&keel_session.controller, &report);
}

static void on_ip_up(void* unused, int unit) {
    struct keel_frame report = {.type = KEEL_IP_UP};
    struct keel_ip_up* up = &report.as.ip_up;
    const char* name = ppp_ifname();
    (void)unused;
    (void)unit;
    up->interface_name = (struct keel_bytes){(const uint8_t*)name, strlen(name)};
    up->local = ntohl(ipcp_gotoptions[0].ouraddr);
    up->remote = ntohl(ipcp_hisoptions[0].hisaddr);
    if (!keel_session.server) {
        up->dns1 = ntohl(ipcp_gotoptions[0].dnsaddr[0]);
        up->dns2 = ntohl(ipcp_gotoptions[0].dnsaddr[1]);
        if (up->dns2 == up->dns1) up->dns2 = 0;
    }
    up->mtu = (uint16_t)ppp_get_mtu(ppp_ifunit());
    keel_controller_report(&keel_session.controller, &report);
}

static void on_ip_down(void* unused, int unit) {
    struct keel_frame report = {.type = KEEL_IP_DOWN};
    (void)unused;
    (void)unit;
    keel_controller_report(&keel_session.controller, &report);
}

static void report_echoes(void) {
    struct keel_frame report = {.type = KEEL_ECHO};
    report.as.echo.sent = keel_session.snoop.echoes_sent;
    report.as.echo.received = keel_session.snoop.echoes_received;
    keel_controller_report(&keel_session.controller, &report);
}

static void on_sent_frame(unsigned char* frame, int size) {
    if (keel_snoop_sent(&keel_session.snoop, frame, (size_t)size)) report_echoes();
}

static void on_frame(unsigned char* frame, int size) {
    const uint32_t answered = keel_session.snoop.echoes_received;
    const int closing = lcp_fsm[0].state == CLOSING || lcp_fsm[0].state == CLOSED;
    /* RFC 1661 4.4: after a Terminate-Request one restart timer is waited out; 1 s is enough for a tunnel. */
    if (keel_snoop_frame(&keel_session.snoop, frame, (size_t)size, closing) && !closing)
        lcp_fsm[0].timeouttime = 1;
    if (keel_session.snoop.echoes_received != answered) report_echoes();
}

/* ---- the end */

static void on_exit_of_pppd(void* unused, int status) {
    char message[KEEL_MAX_MESSAGE + 1] = "";
    struct keel_frame report = {.type = KEEL_EXIT};
    (void)unused;
    keel_wire_wipe(keel_session.secret, sizeof keel_session.secret);
    keel_snoop_forget_login(&keel_session.snoop);
    if (keel_session.controller.fd < 0) return;
    report.as.exit.status = (uint8_t)status;
    /* Once it has let go of the channel, pppd takes that for a hangup and forgets why it did. */
    if (keel_session.final_status >= 0) status = keel_session.final_status;
    report.as.exit.cause = keel_explain(status, message, sizeof message);
    report.as.exit.protocol = keel_failed_protocol(report.as.exit.cause);
    report.as.exit.message = (struct keel_bytes){(const uint8_t*)message, strlen(message)};
    keel_controller_report(&keel_session.controller, &report);
}

void plugin_init(void) {
    ppp_add_options(keel_options);
    ppp_add_notify(NF_PHASE_CHANGE, on_phase, NULL);
    ppp_add_notify(NF_IP_UP, on_ip_up, NULL);
    ppp_add_notify(NF_IP_DOWN, on_ip_down, NULL);
    ppp_add_notify(NF_EXIT, on_exit_of_pppd, NULL);
    ip_choose_hook = choose_address;
    allowed_address_hook = allowed_address;
    snoop_recv_hook = on_frame;
    snoop_send_hook = on_sent_frame;
}
