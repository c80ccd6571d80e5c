package web

// Uploads returns how many uploads are under way.
func (h *Handler) Uploads() int {
	working, _, _, _ := h.sending.Count()
	return working
}
