package web

// Uploads returns how many uploads are under way.
func (h *Handler) Uploads() int { return len(h.uploads) }
