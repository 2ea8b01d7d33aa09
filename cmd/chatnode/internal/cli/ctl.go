package cli

// ctlCommands are "chatnode ctl ...": what people do to a running cluster. Each has a file of its own, ctl_<name>.go.
type ctlCommands struct {
	Throttle ctlThrottle `cmd:"" help:"Say how many sessions chat nodes let in a second: 200/s, 0 for nobody, auto or off."`
}
