package avatar

import (
	"context"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

// slowFile is a file that does not end before release is closed.
type slowFile struct {
	readers *atomic.Int32
	release <-chan struct{}
	started bool
}

func (f *slowFile) Read([]byte) (int, error) {
	if !f.started {
		f.started = true
		f.readers.Add(1)
	}
	<-f.release
	return 0, io.EOF
}

func TestRenderer_Render_readsOnePictureAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const pictures = 100
		renderer, readers, release := NewRenderer(), &atomic.Int32{}, make(chan struct{})
		ended := make(chan error, pictures)
		for range pictures {
			go func() {
				_, err := renderer.Render(t.Context(), &slowFile{readers: readers, release: release})
				ended <- err
			}()
		}
		synctest.Wait()
		require.EqualValues(t, 1, readers.Load(), "the others have read nothing")
		close(release)
		for range pictures {
			require.ErrorIs(t, <-ended, store.ErrInvalid, "each is read in its turn, and is no picture")
		}
		require.EqualValues(t, pictures, readers.Load())
	})
}

func TestRenderer_Render_waitsForBoundedTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		renderer, readers, release := NewRenderer(), &atomic.Int32{}, make(chan struct{})
		defer close(release)
		go func() { _, _ = renderer.Render(t.Context(), &slowFile{readers: readers, release: release}) }()
		synctest.Wait()
		start := time.Now()
		_, err := renderer.Render(t.Context(), &slowFile{readers: readers, release: release})
		require.ErrorIs(t, err, store.ErrBusy)
		require.Equal(t, maxWait, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = renderer.Render(ctx, &slowFile{readers: readers, release: release})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualValues(t, 1, readers.Load())
	})
}
