// Package admission decides who may go on, when more want to than there is capacity for: at a gateway whose neighbours
// have just died, everybody at once.
//
// A [Controller] is fed one [Event] at a time together with the current time, and answers with [Step]s:
//
//	knock ──▶ door ──▶ arrive ──▶ lane: resume │ identify │ load ──▶ grant ──▶ done
//	            │                   │  ▲ held by its bucket            at the rate of the ramp, and at most
//	            └── refuse ◀────────┘  └─────────────────              MaxInFlight at a time
//
// # The ramp
//
// How fast requests are granted is set by hand ([Manual]), or follows what is measured ([Auto]): [Report]s say how much
// was got done, how much was refused, what is in flight and how long it takes. While there is capacity to spare and
// somebody to use it, the rate climbs a step a report; where there is none, it falls below what was got done, at once
// (for slow answers, at the second report in a row; the first only ends the climb). A rate that is too low makes a
// recovery longer by as much, one that is too high can make it last for ever, because what is given up on half-way has
// cost as much as what was of use.
//
// # Who is next
//
// The first lane with somebody in it, unless another was passed over [Config.Share] times in a row: then that one. Within
// a lane it is the oldest; but in a lane that has had somebody ready for longer than a tenth of the patience, the newest,
// and the oldest are left to expire. That is adaptive LIFO (Maurer, "Fail at Scale", ACM Queue 2015): in overload
// somebody waits too long in any case, and those who came last have the most of their clients' patience left. An Identify
// has to wait, too, until its bucket is free: one in 5 s for each client and shard modulo max_concurrency, as Discord
// documents it.
//
// Who is refused: whoever has waited for [Config.Patience]; the oldest of a lane that is full, when another one comes;
// whoever's bucket cannot be free in time; and, where everything is full, newcomers at the door, but for one in ten. A
// request that waits costs little, and is worth more than a refusal that comes back at once; hence the door is the last
// resort and not the first. Each refusal says when to come back, with jitter.
//
// # Guarantees
//
//  1. In any stretch of time no more is granted than the rate over it, and one burst.
//  2. Nobody waits longer than the patience, and nobody is granted after it, if EventTick comes when [Controller.Next]
//     says.
//  3. A lane with somebody ready in it gets one in Share + 2 grants at least, whatever comes in the other lanes.
//  4. Every arrival is answered once, unless it leaves before.
//  5. Memory is bounded by MaxWaiting of each lane, MaxInFlight, and 65,536 buckets, whatever comes.
//  6. A measured rate rises only by steps of at most a half, and never while a report shows congestion.
//
// # Who may call what
//
// A Controller belongs to one goroutine. It reads no clock and starts nothing; a [Meter] makes its reports.
package admission
