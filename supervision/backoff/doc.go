// Package backoff computes how long to wait before trying again.
//
// A [Policy] is data: the first wait, the longest wait, the growth between them and the kind of jitter. [Policy.Delay]
// is a pure function of the attempt's number and one random number that the caller draws, so that the same code runs
// under a real clock, under a fake one and in a simulator, and a test can name the exact delay it expects.
//
// Guarantees:
//   - a delay is never negative and never longer than the cap;
//   - attempts without end never overflow: the delay settles at the cap;
//   - a bad random number (negative, above one, not a number) is pulled back into range;
//   - the zero Policy means no backoff at all: Delay answers 0.
//
// All functions may be called from any goroutine: a Policy holds no state. The caller counts attempts and begins again
// at one after [Policy.ResetAfter] of undisturbed work.
package backoff
