package passwords

import "context"

// turns holds a value for each computation that runs, and as many at the most
// as there is room for.
type turns chan struct{}

// take waits for a turn, as long as ctx allows; leave ends it.
func (t turns) take(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
