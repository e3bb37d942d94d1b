package userman_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

func (h *house) welcomes(t testing.TB) *userman.WelcomeReport {
	t.Helper()
	report, err := h.SendWelcomes(t.Context(), nil)
	require.NoError(t, err)
	return report
}

// addMany adds people with addresses.
func (h *house) addMany(t testing.TB, n int) (addresses []string) {
	t.Helper()
	for i := range n {
		u := h.add(t, reachable(fmt.Sprintf("person%04d", i)), "")
		addresses = append(addresses, u.Email)
	}
	return addresses
}

func TestEverybodyNewIsWelcomedOnce(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &postbox{}
			h := newServiceOver(t, open(t), "", box.mailing)
			for _, username := range []string{"anna", "bert", "carl", "dora", "emil"} {
				h.add(t, reachable(username), "")
			}
			h.add(t, reachable("frida"), goodPassword)
			h.add(t, person("georg"), "")
			h.welcome(t, "carl", userman.Delivered)
			_, err := h.Disable(t.Context(), "dora")
			require.NoError(t, err)
			require.NoError(t, h.Delete(t.Context(), "emil"))

			var seen []userman.WelcomeProgress
			report, err := h.SendWelcomes(t.Context(), func(p userman.WelcomeProgress) { seen = append(seen, p) })
			require.NoError(t, err)
			require.Equal(t, map[userman.DeliveryStatus]int{userman.Delivered: 2, userman.NoAddress: 1}, report.Counts)
			require.Equal(t, map[string]userman.DeliveryStatus{"georg": userman.NoAddress}, undelivered(report))
			require.Zero(t, report.Left)
			require.Equal(t, []string{"anna@example.com", "bert@example.com", "carl@example.com"}, recipients(box.taken()))
			require.Len(t, seen, 3)
			for i, p := range seen {
				require.Equal(t, i+1, p.Done)
				require.Equal(t, 3, p.Total)
			}
			require.Equal(t, "anna", seen[0].Last.Username)
			require.Equal(t, userman.Delivered, seen[0].Last.Status)

			h.add(t, reachable("hanna"), "")
			require.Equal(t, map[userman.DeliveryStatus]int{userman.Delivered: 1, userman.NoAddress: 1}, h.welcomes(t).Counts)
			require.Len(t, box.taken(), 4)
			h.requireProven(t)
		})
	}
}

func TestOfSeveralRunsAtOnceNobodyIsWelcomedTwice(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &postbox{}
			h := newServiceOver(t, open(t), "", box.mailing)
			addresses := h.addMany(t, 15)
			var reports [3]*userman.WelcomeReport
			for _, err := range together(len(reports), func(i int) (err error) {
				reports[i], err = h.SendWelcomes(t.Context(), nil)
				return err
			}) {
				require.NoError(t, err)
			}
			require.Equal(t, addresses, recipients(box.taken()))
			delivered := 0
			for _, report := range reports {
				delivered += report.Counts[userman.Delivered]
				require.Equal(t, total(report), report.Counts[userman.Delivered]+report.Counts[userman.Skipped])
			}
			require.Equal(t, len(addresses), delivered)
		})
	}
}

// killed is a mail server on whose nth mail the program is killed.
func killed(box *postbox, n int) carrier {
	return func(ctx context.Context, m *userman.Message) error {
		if len(box.taken()) == n-1 {
			runtime.Goexit() // nothing of the caller runs any more
		}
		return box.Send(ctx, m)
	}
}

func TestARunThatWasKilledIsTakenUpWhereItWas(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box, db := &postbox{}, open(t)
			h := newServiceOver(t, db, "", mailedBy(killed(box, 3)))
			addresses := h.addMany(t, 5)
			var run sync.WaitGroup
			run.Go(func() { _, _ = h.SendWelcomes(t.Context(), nil) })
			run.Wait()
			require.Equal(t, addresses[:2], recipients(box.taken()))

			trail, clock := h.trail, h.clock
			h = newServiceOver(t, db, "", box.mailing, func(o *userman.Options) { o.Audit, o.Clock = trail, clock.Now })
			report := h.welcomes(t)
			require.Equal(t, map[string]userman.DeliveryStatus{"person0002": userman.Skipped}, undelivered(report))
			require.Len(t, box.taken(), 4)
			clock.Pass(10 * time.Minute)
			require.Equal(t, map[userman.DeliveryStatus]int{userman.Delivered: 1}, h.welcomes(t).Counts)
			require.Equal(t, addresses, recipients(box.taken()))
			require.Empty(t, h.welcomes(t).Counts)
		})
	}
}

func TestAClockThatWasWrongKeepsNobodyFromBeingWelcomed(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing)
	h.addMany(t, 1)
	require.NoError(t, h.store.UpdateUser(t.Context(), h.kept(t, "person0000").ID, func(u *userman.User) error {
		u.WelcomeBegunAt = h.clock.Now().Add(365 * 24 * time.Hour)
		return nil
	}))
	require.Equal(t, 1, h.welcomes(t).Counts[userman.Delivered])
}

func TestARunWithoutAMailServerStopsAtOnce(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.addMany(t, 3)
	report := h.welcomes(t)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.NotConfigured: 1}, report.Counts)
	require.Equal(t, 2, report.Left)
	require.Len(t, report.Undelivered, 1)
}

func TestARunLeavesAMailServerAloneThatFailsFiveTimesInARow(t *testing.T) {
	t.Parallel()
	box, down := &postbox{}, true
	h := newService(t, mailedBy(carrier(func(ctx context.Context, m *userman.Message) error {
		if down && m.To != "person0003@example.com" {
			return errNoServer
		}
		return box.Send(ctx, m)
	})))
	h.addMany(t, 12)
	report := h.welcomes(t)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.Failed: 8, userman.Delivered: 1}, report.Counts)
	require.Equal(t, 3, report.Left)

	down = false
	report = h.welcomes(t) // who failed need not wait
	require.Equal(t, map[userman.DeliveryStatus]int{userman.Delivered: 11}, report.Counts)
	require.Zero(t, report.Left)
}

func TestARunGoesOnAfterWhomTheServerRefuses(t *testing.T) {
	t.Parallel()
	h := newService(t, mailedBy(refuses))
	h.addMany(t, 8)
	report := h.welcomes(t)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.Refused: 8}, report.Counts)
	require.Zero(t, report.Left)
	require.Nil(t, h.kept(t, "person0000").Credentials.Invitation)
}

func TestARunEndsWithItsCallerAndReportsWhatWasDone(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing)
	h.addMany(t, 5)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	report, err := h.SendWelcomes(ctx, func(p userman.WelcomeProgress) {
		if p.Done == 2 {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.Delivered: 2}, report.Counts)
	require.Equal(t, 3, report.Left)
	require.Equal(t, 3, h.welcomes(t).Counts[userman.Delivered])
	require.Len(t, box.taken(), 5)
}

func TestAReportTellsOfNoMoreThanAThousandSinglePeople(t *testing.T) {
	t.Parallel()
	h := newService(t, (&postbox{}).mailing)
	for i := range 1002 {
		h.add(t, person(fmt.Sprintf("person%04d", i)), "")
	}
	report := h.welcomes(t)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.NoAddress: 1002}, report.Counts)
	require.Len(t, report.Undelivered, 1000)
}

func TestARunWelcomesWhomItReaches(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	h := newService(t, box.mailing)
	h.add(t, reachable("anna", "1001"), "")
	h.add(t, reachable("bert", "2001"), "")
	h.add(t, reachable("carl"), "")
	few := h.within(func(extension string) bool { return extension < "2000" })
	require.Equal(t, map[userman.DeliveryStatus]int{userman.Delivered: 1}, few.welcomes(t).Counts)
	require.Equal(t, []string{"anna@example.com"}, recipients(box.taken()))
}

func TestWhoMovesOutOfReachWhileBeingWelcomedIsNotWelcomedTwice(t *testing.T) {
	t.Parallel()
	box := &postbox{}
	var h *house
	h = newService(t, mailedBy(carrier(func(ctx context.Context, m *userman.Message) error {
		if len(box.taken()) == 0 {
			h.update(t, "jane", func(u *userman.User) { u.DefaultExtension = "201" })
		}
		return box.Send(ctx, m)
	})))
	h.add(t, reachable("jane", "101"), "")
	within := h.within(hundreds)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.Delivered: 1}, within.welcomes(t).Counts)
	h.clock.Pass(time.Hour)
	require.Empty(t, h.welcomes(t).Counts)
	require.Len(t, box.taken(), 1)
}
