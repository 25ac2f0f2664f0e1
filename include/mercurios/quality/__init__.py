"""Quality gates: what must hold before data is modelled and before marts are published."""
