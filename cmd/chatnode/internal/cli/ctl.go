package cli

// ctlCommands are "chatnode ctl ...": what people ask of a running cluster and tell
// it to do. Each has a file of its own, ctl_<name>.go.
type ctlCommands struct {
	Throttle ctlThrottle `cmd:"" help:"Say how many sessions chat nodes let in a second: 200/s, 0 for nobody, auto or off."`
	Repairs  ctlRepairs  `cmd:"" help:"Ask, pause and resume the store's repairs."`
}
