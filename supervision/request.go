package supervision

// addChild starts one more child. Until it is up it is only a candidate: a first start that fails leaves nothing behind.
func (m *Machine) addChild(ev Event) {
	if err := m.refusal(ev.Child); err != nil {
		if ev.Child != nil {
			ev.ID = ev.Child.ID
		}
		m.refuse(ev, err)
		return
	}
	c := m.children.add(*ev.Child)
	m.begin(plan{purpose: planAdd, span: onlyOne(c.position), subject: c.ref.slot, starting: true, request: ev.Request})
}

// refusal says why a child cannot be added; nil when it can.
func (m *Machine) refusal(spec *ChildSpec) error {
	if err := m.spec.validateChild(spec); err != nil {
		return err
	}
	known := m.children.named(spec.ID)
	switch {
	case known != nil && known.up():
		return ErrAlreadyStarted
	case known != nil:
		return ErrAlreadyPresent
	case m.spec.MaxChildren > 0 && m.children.len() >= m.spec.MaxChildren:
		return ErrTooManyChildren
	}
	return nil
}

func (m *Machine) terminateChild(ev Event) {
	c := m.children.named(ev.ID)
	if !ev.Ref.IsZero() {
		if m.spec.Strategy != Dynamic || !m.children.issued(ev.Ref) {
			m.refuse(ev, ErrNotFound)
			return
		}
		c = m.children.running(ev.Ref)
		if c == nil {
			m.do(Action{Kind: ActionTerminated, Ref: ev.Ref, Request: ev.Request})
			return
		}
	}
	if c == nil {
		m.refuse(ev, ErrNotFound)
		return
	}
	m.begin(plan{purpose: planTerminate, span: onlyOne(c.position), subject: c.ref.slot, request: ev.Request})
}

// restartChild starts a child that is down, alone whatever the strategy, and at no cost.
func (m *Machine) restartChild(ev Event) {
	c, err := m.idle(ev.ID)
	if err != nil {
		m.refuse(ev, err)
		return
	}
	m.begin(plan{purpose: planRequested, span: onlyOne(c.position), subject: c.ref.slot, starting: true, request: ev.Request})
}

func (m *Machine) deleteChild(ev Event) {
	c, err := m.idle(ev.ID)
	if err != nil {
		m.refuse(ev, err)
		return
	}
	m.forget(c, ev.Request)
}

// idle returns the child if it is down and nothing is due to start it.
func (m *Machine) idle(id string) (*child, error) {
	c := m.children.named(id)
	switch {
	case m.spec.Strategy == Dynamic:
		return nil, ErrDynamic
	case c == nil:
		return nil, ErrNotFound
	case c.waiting():
		return nil, ErrRestarting
	case c.state != StateDown:
		return nil, ErrRunning
	}
	return c, nil
}

func (m *Machine) refuse(ev Event, err error) {
	m.do(Action{Kind: ActionRefused, ID: ev.ID, Err: err, Request: ev.Request})
}

// transitory reports whether nothing is kept of the child once it is down.
func (m *Machine) transitory(c *child) bool {
	return c.spec.Restart == Temporary || m.spec.Strategy == Dynamic
}

func (m *Machine) forget(c *child, request uint64) {
	m.tell(c, Action{Kind: ActionForgotten, Request: request})
	m.children.remove(c)
}
