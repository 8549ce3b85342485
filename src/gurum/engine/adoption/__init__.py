"""What a company has in its cloud already: shown, followed, taken over when told so, and let go of.

One rule: nothing is called that changes an `unmanaged` object's things. It stands in one place, before the controllers
(`gate`), so that no controller and no driver, old or new, has to know it; `ExactlyOnce` refuses once more behind them.
"""
