// Package observe prints a runtime's event stream where operators look.
package observe
