package part1

import (
	"context"

	"github.com/affluxlab/afflux/internal/resource"
)

// DoInstead replaces what async work does with its place.
func (p *Part) DoInstead(use func(context.Context, *resource.Place) error) { p.instead = use }
