package passwords

import "context"

// semaphore holds a value for each computation that runs, and as many at the most
// as there is room for.
type semaphore chan struct{}

// acquire waits for a turn, as long as ctx allows; leave ends it.
func (t semaphore) acquire(ctx context.Context) (release func(), err error) {
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
