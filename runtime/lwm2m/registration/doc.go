// Package registration decides when an LwM2M client bootstraps, registers, updates, sleeps, and gives up (reference: 3 to 5; Core 1.1.1, 6.1
// and 6.2). It is a machine and nothing else: Step takes an event and the time, and says what is to be done. It sends nothing, reads no
// clock, and draws no random numbers, for none of the protocol's delays has a random part.
//
//	Stopped ──Start──┬─ an account ────────────────────────────► Delaying (initial delay, 4.5)
//	                 ├─ none, but a bootstrap account ─────────► HoldOff
//	                 └─ neither ───────────────────────────────► Failed
//
//	HoldOff ──hold-off time (3.1)──► BootstrapConnecting ──connected──► BootstrapRequesting ──2.04 on /bs──► Bootstrapping
//	   ▲                                   │ failed                         │ refused, no answer               │   │ Finish,
//	   └────── next attempt, configuration restored (3.2) ◄─────────────────┴─ 247 s of silence, bad Finish ───┘   ▼ consistent
//	                                       │ attempts used up                                       BootstrapFinishing
//	                                       ▼                                                              │ 1 s (3.4)
//	                                    Failed                                                            ▼
//	                                                                                                  Delaying
//	Delaying ──► Connecting ──connected──► Registering ──2.01──► Registered ◄──2.04── Updating ◄── due, changed, triggered (4.2)
//	   ▲            │ failed                   │ failed             │  │ ▲                │
//	   └────────────┴── next attempt (4.5) ◄───┘                    │  │ └ Wake           ├─ 4.xx, 5.xx ──► Registering
//	   │ attempts used up                                           │  ▼                  └─ no answer ───► Connecting, then Registering
//	   ▼                                                            │ Sleeping (5): uptime after the last message
//	next account, else HoldOff (resource 16), else Failed           │    └ due, changed, something to send ──► Updating, or Connecting
//	                                                                ▼
//	                                             Deregistering ──Stop──► Stopped
//	                                                   └──Disable (4.3)──► Disabled ──timeout──► Connecting
//
// Pause leads from everywhere but Stopped and Failed to Paused, and Resume from there to Connecting, or to the beginning.
//
// After a connection was made again, what follows is as in 4.6: an Update where the session was resumed or there is none (NoSec), a
// Register after a full handshake.
//
// Several accounts may be configured. They are taken in the order of their Registration Priority Order, and the client is registered with
// one of them at a time: the first that takes it.
//
// # Attempts
//
// Resources 17 to 20 of the Server object say how often registering is tried (4.5). Where a bootstrap server has not written the retry count,
// it is the standard's default of 5, or LWM2M_RD_CLIENT_MAX_RETRIES and the first attempt, whichever is less: the option lowers the default
// and never overrules a server. Each wait begins when the attempt has failed. An account that the server's DTLS refuses (alerts 40, 51, 115)
// is given up at once. Bootstrapping follows the same defaults; its attempts are counted from one registration to the next, so that a
// bootstrap server whose accounts are of no use is not asked all the time. When nothing is left the machine is Failed, and its owner decides
// when to start it again.
package registration
