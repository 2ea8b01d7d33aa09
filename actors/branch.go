package actors

import (
	"context"
	"fmt"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// Branch is one supervisor of a running tree, to ask for what OTP's supervisor
// module offers. A request waits until the supervisor comes to it, behind the
// starts and stops that it is at; it is carried out even if its caller's context
// ends meanwhile. The errors wrap those of package supervision, or are
// [ErrNotRunning].
type Branch struct {
	kernel *kernel
	path   string
}

// Started is what a child's start brought.
type Started struct {
	// PID is an actor's address, nil for a function.
	PID *actor.PID
	// Ignored says that the child found nothing to do and is down.
	Ignored bool
}

// Add starts one more child, last in the start order: OTP's start_child.
func (b *Branch) Add(ctx context.Context, child Child) (Started, error) {
	spec := child.spec()
	r := child.recipe(b.kernel, b.path+"/"+child.ID)
	if r.err != nil {
		return Started{}, r.err
	}
	return b.start(ctx, &request{event: supervision.Event{Kind: supervision.EventAddChild, Child: &spec}, recipe: r})
}

// Spawn starts one more child of a Dynamic supervisor, from its template.
func (b *Branch) Spawn(ctx context.Context, id string) (Started, error) {
	return b.start(ctx, &request{event: supervision.Event{Kind: supervision.EventAddChild, ID: id}, spawn: true})
}

// SpawnAll starts many children of a Dynamic supervisor, one after another, in a
// single request, which costs each of them half of a [Branch.Spawn]. It
// returns how many came up, and why the others did not.
func (b *Branch) SpawnAll(ctx context.Context, ids []string) (int, error) {
	reply := make(chan response, 1)
	got, err := b.await(ctx, &batch{ids: slices.Clone(ids), reply: reply}, reply)
	return got.started, err
}

// Restart starts a child that is down: OTP's restart_child. It does not touch
// the budget.
func (b *Branch) Restart(ctx context.Context, id string) (Started, error) {
	return b.start(ctx, &request{event: supervision.Event{Kind: supervision.EventRestartChild, ID: id}})
}

// Terminate stops a child, which is not restarted: OTP's terminate_child.
func (b *Branch) Terminate(ctx context.Context, id string) error {
	_, err := b.ask(ctx, &request{event: supervision.Event{Kind: supervision.EventTerminateChild, ID: id}})
	return err
}

// TerminateIncarnation stops one incarnation of a child of a Dynamic supervisor
// and no other that has its ID: OTP's terminate_child with a pid. [Branch.Children]
// tells the Ref of each. If the incarnation has ended, only a restart that it
// waits for is called off.
func (b *Branch) TerminateIncarnation(ctx context.Context, ref supervision.Ref) error {
	_, err := b.ask(ctx, &request{event: supervision.Event{Kind: supervision.EventTerminateChild, Ref: ref}})
	return err
}

// Delete forgets a child that is down: OTP's delete_child.
func (b *Branch) Delete(ctx context.Context, id string) error {
	_, err := b.ask(ctx, &request{event: supervision.Event{Kind: supervision.EventDeleteChild, ID: id}})
	return err
}

// Wake starts a child that backs off or is parked now. Any other is left alone.
func (b *Branch) Wake(ctx context.Context, id string) error {
	_, err := b.ask(ctx, &request{event: supervision.Event{Kind: supervision.EventWake, ID: id}})
	return err
}

// Children tells of all children, in start order: OTP's which_children.
func (b *Branch) Children(ctx context.Context) ([]supervision.ChildInfo, error) {
	got, err := b.ask(ctx, &request{event: supervision.Event{Kind: supervision.EventInspect}})
	if err != nil {
		return nil, err
	}
	return got.view.Children, nil
}

// Counts counts the children: OTP's count_children.
func (b *Branch) Counts(ctx context.Context) (supervision.Counts, error) {
	got, err := b.ask(ctx, &request{event: supervision.Event{Kind: supervision.EventInspect}})
	if err != nil {
		return supervision.Counts{}, err
	}
	return got.view.Counts, nil
}

// PID is the address of a child that is an actor, whether or not it is up.
func (b *Branch) PID(id string) *actor.PID {
	return actor.NewPID(b.kernel.system.Address(), b.kernel.prefix+b.path+"/"+id)
}

func (b *Branch) start(ctx context.Context, r *request) (Started, error) {
	got, err := b.ask(ctx, r)
	return Started{PID: got.pid, Ignored: got.ignored}, err
}

func (b *Branch) ask(ctx context.Context, r *request) (response, error) {
	r.reply = make(chan response, 1)
	return b.await(ctx, r, r.reply)
}

func (b *Branch) await(ctx context.Context, message control, reply <-chan response) (response, error) {
	p, err := b.kernel.branch(b.path)
	if err != nil {
		return response{}, err
	}
	p.tell(message, nil)
	select {
	case got := <-reply:
		return got, got.err
	case <-ctx.Done():
		return response{}, fmt.Errorf("actors: %s has not answered yet: %w", b.path, ctx.Err())
	}
}
