package supervision

import "fmt"

// quartersPerRestart is the price of a full restart in the unit that prices are kept in.
const quartersPerRestart = 4

// Costs says how much of the restart budget a restart uses up, by the class of the fault that caused it. The zero value
// charges every restart in full, as OTP does.
type Costs struct {
	// discount is what a class pays less than a full restart, so that the zero value is no discount. invalidDiscount
	// keeps a price out of range until Validate refuses it.
	discount [classCount]uint8
}

const invalidDiscount = 255

// CostsByClass returns the recommended prices: data and transient faults nothing, a timeout a quarter, a bug a restart.
//
// The reason is that a restart budget exists to find broken code: a bad value or an absent peer is met again after every
// restart, on every node at once, and would spend the budget of healthy code.
func CostsByClass() Costs {
	return Costs{}.With(ClassData, 0).With(ClassTransient, 0).With(ClassTimeout, 1)
}

// With returns the costs with one class's price replaced, in quarters of a restart, 0 to 4.
func (c Costs) With(class Class, quarters int) Costs {
	switch {
	case class >= classCount:
		return c
	case quarters < 0 || quarters > quartersPerRestart:
		c.discount[class] = invalidDiscount
	default:
		c.discount[class] = uint8(quartersPerRestart - quarters)
	}
	return c
}

// Of returns the price of a class in quarters of a restart. A class nobody knows is a bug.
func (c Costs) Of(class Class) int {
	if class >= classCount {
		class = ClassBug
	}
	discount := c.discount[class]
	if discount > quartersPerRestart {
		return quartersPerRestart
	}
	return quartersPerRestart - int(discount)
}

// highest is the price of the dearest class.
func (c Costs) highest() int {
	highest := 0
	for class := range Class(classCount) {
		highest = max(highest, c.Of(class))
	}
	return highest
}

func (c Costs) validate() error {
	for class := range Class(classCount) {
		if c.discount[class] > quartersPerRestart {
			return fmt.Errorf("cost of class %v is out of range: give 0 to %d quarters of a restart", class, quartersPerRestart)
		}
	}
	return nil
}
