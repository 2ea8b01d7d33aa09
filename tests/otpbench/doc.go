// Otpbench measures supervisors side by side: those of Erlang/OTP, protoactor's own, and ours.
//
//	go run ./tests/otpbench                                     the table, after some minutes
//	go run ./tests/otpbench --quick                             small and once: shows that it works, the figures mean nothing
//	go run ./tests/otpbench measure ours restart-panic 20000    one measurement of one side
//
// Every measurement is a fresh process: a new Erlang VM that runs bench.erl, or this program with the word measure. A
// round takes each row from each side in turn, and which side is first changes from round to round. A figure is the median
// of the rounds. A side may do a row in several ways, the variants: the table holds the best of a peer's and the worst of
// ours, and below it stands each of them.
//
// What is alike on all sides:
//   - A restart is acknowledged: the next crash comes after the first act of the new incarnation's own code (OTP:
//     handle_continue or what follows init_ack; the others: the handler of Started, or the function's first line).
//   - A storm is over when the last child is up and the supervisor has answered a request sent after that.
//   - Children that are up count down an atomic number, and the last one wakes the driver.
//   - A child takes a batch of crashes under one supervisor, and then both are fresh. What they stand in stays: the VM,
//     the actor system, and in ours the root above the supervisor.
//   - The period is 1 s, OTP's shortest, for OTP and for us, and the intensity is never reached. Protoactor is told to
//     count without a period, which is its fastest.
//   - Nobody logs, and what is timed is done once before, or in part, without being counted.
//
// What is not:
//   - A batch is 100 crashes, but 20 for OTP: a restart of OTP's costs time in proportion to the restarts inside the
//     period, and short batches keep them few. Ours and protoactor's do not depend on them.
//   - OTP starts a new process, whose mailbox is empty. Protoactor restarts its actor in place and keeps the mailbox. We
//     restart in place and drop what was queued for the old incarnation.
//   - A panic is for OTP erlang:error, and an error is the child's stop or exit with a reason; both keep a stack trace or
//     none as OTP does by itself. We keep the frames of a panic. Protoactor keeps none, and knows no other crash than the
//     panic, so that its figure for an error is that of a panic.
//   - OTP's supervisor answers start_child when the child's init has run, ours when the handler of Started has.
//     A bare protoactor spawn is answered at once: its children are awaited at the end, all together. The variant awaited
//     waits for each.
//   - The memory of an OTP child is its process with a heap of its own; that of an actor is a few objects in a shared
//     heap. OTP's figure and ours hold the supervisor's share; a bare spawn has no supervisor. Ours and protoactor's is live
//     heap and stacks after a collection, OTP's is memory(processes) after a collection of every process.
package main
