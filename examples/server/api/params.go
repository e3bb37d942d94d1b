package api

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/idempotency"
)

// Headers of requests.
const (
	ifMatchHeader     = "If-Match"
	ifNoneMatchHeader = "If-None-Match"
	idempotencyHeader = idempotency.Header
)

// queryParam describes a query parameter of that type.
func queryParam(name, kind, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: kind}}
}

// enumParam describes a parameter with a fixed set of values.
func enumParam(name, doc string, values ...string) *huma.Param {
	p := queryParam(name, huma.TypeString, doc)
	p.Schema.Enum = toAny(values)
	return p
}

// headerParam describes a header. Its text is in document.ini.
func headerParam(name string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Schema: &huma.Schema{Type: huma.TypeString}}
}

// addPathParam describes a parameter in the path, unless params does so already.
func addPathParam(params []*huma.Param, name string) []*huma.Param {
	if slices.ContainsFunc(params, func(p *huma.Param) bool { return p.Name == name && p.In == "path" }) {
		return params
	}
	return append(params, pathParam(name, ""))
}

func pathParam(name, doc string, values ...string) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Description: doc, Schema: &huma.Schema{Type: huma.TypeString, Enum: toAny(values)}}
}

func pagingParams() []*huma.Param {
	return []*huma.Param{queryParam("after", huma.TypeString, "The next value of the previous page."), limitParam("The maximum number of items; 50 by default.")}
}

func limitParam(doc string) *huma.Param {
	p := queryParam("limit", huma.TypeInteger, doc)
	least, most := 1.0, float64(store.MaxPageLimit)
	p.Schema.Minimum, p.Schema.Maximum = &least, &most
	return p
}

func idempotencyParam() *huma.Param {
	p := headerParam(idempotencyHeader)
	most := 255
	p.Schema.MaxLength = &most
	return p
}

func toAny(values []string) []any {
	var list []any
	for _, value := range values {
		list = append(list, value)
	}
	return list
}
