package resource_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
)

// readCSV returns the rows of the users that q selects, by column.
func readCSV(t *testing.T, users *resource.Type[userman.User], q resource.Query) []map[string]string {
	t.Helper()
	text := strings.Builder{}
	require.NoError(t, users.WriteCSV(t.Context(), &text, q))
	rows, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
	require.NoError(t, err)
	records := []map[string]string{}
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, name := range rows[0] {
			record[name] = row[i]
		}
		records = append(records, record)
	}
	return records
}

func TestType_WriteCSV_writesAllPagesOfQuery(t *testing.T) {
	t.Parallel()
	service := userman.New(memstore.New().Users(""), nil)
	users := resource.Users(func(context.Context) *userman.Service { return service })
	const n = store.MaxPageLimit + 1
	for i := range n {
		_, err := service.Create(t.Context(), userman.NewUser{User: &userman.User{Username: fmt.Sprintf("u%04d", i), Title: []string{"Chief", "Agent"}[i%2]}})
		require.NoError(t, err)
	}
	rows := readCSV(t, users, resource.Query{Sort: store.Sort{Descending: true}})
	require.Len(t, rows, n)
	require.Equal(t, "u1000", rows[0]["username"])
	require.Equal(t, "u0000", rows[n-1]["username"])
	require.Len(t, readCSV(t, users, resource.Query{Search: "agent"}), n/2)
	require.Empty(t, readCSV(t, users, resource.Query{Filters: map[string]field.Value{"status": field.TextValue("disabled")}}))
}

func TestType_WriteCSV_writesNoFormula(t *testing.T) {
	t.Parallel()
	service := userman.New(memstore.New().Users(""), nil)
	users := resource.Users(func(context.Context) *userman.Service { return service })
	_, err := service.Create(t.Context(), userman.NewUser{User: &userman.User{
		Username: "jane", Title: `=HYPERLINK("http://evil")`, Company: "@SUM(1)", Department: "-2+3", Description: "+cmd|' /C calc'!A0", CellPhone: "+49 170 1234", OtherEmails: []string{"a@example.com", "b@example.com"},
	}})
	require.NoError(t, err)
	row := readCSV(t, users, resource.Query{})[0]
	require.Equal(t, `'=HYPERLINK("http://evil")`, row["title"])
	require.Equal(t, "'@SUM(1)", row["company"])
	require.Equal(t, "'-2+3", row["department"])
	require.Equal(t, "'+cmd|' /C calc'!A0", row["description"])
	require.Equal(t, "+49 170 1234", row["cell_phone"], "a phone number is left as it is")
	require.Equal(t, "a@example.com, b@example.com", row["other_emails"])
}
