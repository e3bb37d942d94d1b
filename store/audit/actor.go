package audit

import "context"

type actorKey struct{}

// WithActor returns a context with this actor.
func WithActor(ctx context.Context, actor Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorFromContext returns the actor of ctx; an actor of kind [System] if there is
// none.
func ActorFromContext(ctx context.Context) Actor {
	if actor, ok := ctx.Value(actorKey{}).(Actor); ok {
		return actor
	}
	return Actor{Kind: System}
}

type preconditionKey struct{}

// WithPrecondition returns a context in which [Log.Do] first calls precondition, in its
// transaction. If precondition returns an error, Do changes nothing and returns that
// error. It is for what may end while an operation is prepared, such as the session of
// the actor. precondition may run more than once. nil removes the one of ctx.
func WithPrecondition(ctx context.Context, precondition func(ctx context.Context) error) context.Context {
	return context.WithValue(ctx, preconditionKey{}, precondition)
}

// CheckPrecondition returns the error of the precondition of ctx. It is for operations
// without a transaction; [Log.Do] calls it itself.
func CheckPrecondition(ctx context.Context) error {
	if precondition, _ := ctx.Value(preconditionKey{}).(func(context.Context) error); precondition != nil {
		return precondition(ctx)
	}
	return nil
}
