package audit

import "context"

type actorKey struct{}

// WithActor returns a context in which actor is the one who acts.
func WithActor(ctx context.Context, actor Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorFromContext returns who acts in ctx; an actor of kind [System] when nobody was
// named.
func ActorFromContext(ctx context.Context) Actor {
	if actor, ok := ctx.Value(actorKey{}).(Actor); ok {
		return actor
	}
	return Actor{Kind: System}
}
