/* compat: one source for pppd 2.4.9 and 2.5.x. Written in 2.5's names; for 2.4.9 they are mapped here. */
#ifndef KEEL_COMPAT_H
#define KEEL_COMPAT_H

#if defined(__has_include)
#if __has_include(<pppd/pppdconf.h>)
#define KEEL_PPPD_25 1
#endif
#endif

#include <pppd/pppd.h>

#ifdef KEEL_PPPD_25
#include <pppd/options.h>
#endif

#include <pppd/fsm.h>
#include <pppd/lcp.h>

#ifdef KEEL_PPPD_25
#include <pppd/chap.h>
#include <pppd/upap.h>
#else
#include <pppd/chap-new.h>
#endif

#include <pppd/ipcp.h>

#ifdef KEEL_PPPD_25
#define KEEL_PPPD_VERSION PPPD_VERSION
typedef struct option keel_option;
/* Exported by the program, but declared only in a header that it does not install. */
extern int options_from_list(struct wordlist* words, int privileged);
#else
#define KEEL_PPPD_VERSION VERSION
typedef option_t keel_option;

#define NF_PHASE_CHANGE (&phasechange)
#define NF_EXIT (&exitnotify)
#define NF_IP_UP (&ip_up_notifier)
#define NF_IP_DOWN (&ip_down_notifier)
#define ppp_add_notify(list, function, context) add_notifier(list, function, context)
#define ppp_add_options add_options
#define ppp_int_option int_option
#define ppp_option_error option_error
#define ppp_generic_establish generic_establish_ppp
#define ppp_generic_disestablish generic_disestablish_ppp
#define ppp_set_mtu netif_set_mtu
#define ppp_get_mtu netif_get_mtu
#define ppp_timeout timeout
#define ppp_ifname() ifname
#define ppp_ifunit() ifunit
#define ppp_status() status
#define ppp_set_modem(on) (modem = (on))
#define ppp_signaled(signal) (got_sigterm != 0)
#define ppp_set_pppdevnam(name) strlcpy(ppp_devnam, name, sizeof ppp_devnam)
#endif

#ifndef PPP_IPV6CP
#define PPP_IPV6CP 0x8057
#endif
#ifndef PPP_IPXCP
#define PPP_IPXCP 0x802b
#endif
#ifndef PPP_CCP
#define PPP_CCP 0x80fd
#endif
#ifndef PPP_ECP
#define PPP_ECP 0x8053
#endif

#endif
