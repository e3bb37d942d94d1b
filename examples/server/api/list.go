package api

import "github.com/pbxusers/pbxusers/store"

// Paging says which part of a list is wanted.
type Paging struct {
	After string `doc:"The next of the page before."                  query:"after"`
	Limit int    `doc:"How many are wanted at most; 50 unless given." maximum:"1000" minimum:"1" query:"limit"`
}

func (p Paging) page() store.PageRequest { return store.PageRequest{After: p.After, Limit: p.Limit} }

// list is a page of records.
type list[T any] struct {
	Items []T    `doc:"The records."                                                                      json:"items"`
	Next  string `doc:"What to pass as after for the page that follows; empty when this is the last one." json:"next"`
}

type listOutput[T any] struct{ Body list[T] }

// newListOutput shows each record of a page.
func newListOutput[R, T any](page *store.Page[R], show func(R) T) *listOutput[T] {
	output := &listOutput[T]{list[T]{Items: make([]T, len(page.Items)), Next: page.Next}}
	for i, item := range page.Items {
		output.Body.Items[i] = show(item)
	}
	return output
}

// singlePage is a list that fits one page.
func singlePage[T any](items []T) list[T] { return list[T]{Items: items} }
