package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPI_listPaginates(t *testing.T) {
	t.Parallel()
	v := start(t).logIn(t, "root")
	var created, read []any
	for i := range 7 {
		name := fmt.Sprint("crm", i)
		v.call(t, http.MethodPost, "/ami-accounts", map[string]any{"name": name}).requireStatus(t, http.StatusCreated)
		created = append(created, name)
	}
	for after := ""; len(read) < 7; {
		page := v.call(t, http.MethodGet, "/ami-accounts?limit=3&sort=name&after="+url.QueryEscape(after), nil).requireStatus(t, http.StatusOK).decodeObject(t)
		items, _ := page["items"].([]any)
		require.NotEmpty(t, items)
		for _, item := range items {
			shown, _ := item.(map[string]any)
			read = append(read, shown["name"])
		}
		after, _ = page["next"].(string)
		require.Equal(t, len(read) == 7, after == "")
	}
	require.Equal(t, created, read)
}
