package registry

import "time"

// Allowance is a budget of actions that several deciders share: so many a second,
// and a number at once. It belongs to one goroutine at a time.
type Allowance struct {
	rate, burst float64
	owed        float64 // actions that were granted ahead of their time
	at          time.Time
}

// NewAllowance returns a budget of rate actions a second, burst of them at once;
// less than one of either counts as one.
func NewAllowance(rate, burst float64) *Allowance {
	return &Allowance{rate: max(rate, 1), burst: max(burst, 1)}
}

// Spend takes one action, and answers how long it has to wait.
func (a *Allowance) Spend(now time.Time) time.Duration {
	if !a.at.IsZero() {
		a.owed = max(0, a.owed-a.rate*max(now.Sub(a.at), 0).Seconds())
	}
	a.at = now
	a.owed++
	return time.Duration(max(a.owed-a.burst, 0) / a.rate * float64(time.Second))
}
