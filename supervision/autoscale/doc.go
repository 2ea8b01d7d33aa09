// Package autoscale decides how many instances there should be. It is a pure machine: what the instances say of
// themselves goes in with the time, a number comes out, and somebody else starts and stops instances.
//
// The rule is that of the Kubernetes Horizontal Pod Autoscaler, in words of our own. The wanted number is the present
// one times the mean utilisation over the target, rounded up, unless that quotient is within the tolerance of one.
// Instances that say nothing count as idle when there is too much load, and as fully busy when there is too little, so
// that what is not known makes every change smaller and never turns its direction around. What follows from that is
// not done at once:
//
//	raw ──▶ stabilised: up to the least wanted within Up.Window, down to the most wanted within Down.Window
//	    ──▶ paced: at most Add more, or Factor as many, within Period
//	    ──▶ bounded by Min and Max
//	    ──▶ held while the last change is younger than Cooldown
//
// Beyond that rule there are the cool-down, because an instance that boots says nothing about the load yet, and a
// [Decision] that says which of the four held it back, so that an autoscaler at its limits is seen to be there.
//
// Guarantees:
//   - the number is never outside the bounds, whatever is measured;
//   - no instance at all that says anything means no change: silence is not idleness;
//   - within any Period the number grows, and shrinks, by no more than the pace allows;
//   - it shrinks only to what was enough at every look within Down.Window;
//   - memory is bounded: of each second of the windows the extremes are kept, so that they end to the second.
package autoscale
