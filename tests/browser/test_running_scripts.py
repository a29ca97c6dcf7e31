"""Accepting does not freeze the page: it is drawn first, and lives on between the scripts."""

LIVES = """
    <script>
        const note = (what) => (window.ran ||= []).push(what);
        document.addEventListener('consent:changed', () => {
            requestAnimationFrame(() => setTimeout(note, 0, 'drawn'));
        });
    </script>
"""
SCRIPT = """<script type="text/plain" data-category="analytics">
    note('script');
    setTimeout(note, 0, 'page');
</script>"""


def test_the_page_is_drawn_before_the_scripts_and_has_its_turn_between_them(visitor, site):
    visitor.open(site.page(LIVES + 10 * SCRIPT))

    visitor.accept_all()

    visitor.wait_until_ran(21)
    assert visitor.ran() == ["drawn", *(10 * ["script", "page"])]


def test_scripts_run_in_a_page_that_nobody_looks_at(visitor, site):
    """A hidden page is never drawn."""
    visitor.page.add_init_script("window.requestAnimationFrame = () => 0")
    visitor.open(site.page(LIVES + SCRIPT))

    visitor.accept_all()

    visitor.wait_until_ran(2)
    assert visitor.ran() == ["script", "page"]


def test_a_script_that_never_says_that_it_is_done_holds_up_no_other(visitor, site):
    """An old browser's script is not even fetched, and a module without address tells nobody."""
    old = '<script type="text/plain" nomodule data-category="analytics" data-src="/old"></script>'
    module = '<script type="text/plain" data-type="module" data-category="analytics">{}</script>'
    modules = "".join(module.format(f"note('{name}')") for name in ("one", "two"))
    visitor.open(site.page(LIVES + old + modules + SCRIPT))
    took = """new Promise((resolve) => {
        const start = performance.now();
        document.addEventListener('consent:changed', () => {
            const look = () => window.ran?.length > 4 ? resolve(performance.now() - start)
                : setTimeout(look, 10);
            look();
        });
    })"""

    visitor.page.evaluate(f"window.took = {took}; undefined")
    visitor.accept_all()

    assert visitor.page.evaluate("took") < 8_000
    assert sorted(visitor.ran()) == ["drawn", "one", "page", "script", "two"]
    assert visitor.ran().index("one") < visitor.ran().index("two")
