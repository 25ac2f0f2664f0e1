"""The tests of the truth that read nothing but a warehouse, by their file: see `tests/truth/of_warehouse.py`."""

from __future__ import annotations

TESTS = {
    "test_sales.py": (
        "test_every_line_of_goods_is_as_the_till_wrote_it",
        "test_every_other_line_is_apart_as_the_till_wrote_it",
        "test_a_days_lines_of_a_kind_add_up_by_branch",
        "test_a_weeks_sales_by_branch_and_category_add_up",
        "test_an_articles_sales_of_all_time_add_up",
        "test_an_articles_names_in_its_sales_are_those_of_its_masters",
        "test_a_days_sales_add_up",
        "test_an_articles_year_adds_up",
        "test_a_branchs_two_years_add_up",
    ),
    "test_dimensions.py": (
        "test_an_articles_names_are_those_of_its_masters",
        "test_an_articles_prices_and_flags_are_those_of_its_master",
        "test_a_branch_is_what_its_master_says",
        "test_the_calendar_has_every_day_from_the_first_receipt_to_two_years_ahead",
    ),
    "test_levels.py": (
        "test_a_sizes_demand_is_its_share_of_its_articles",
        "test_a_status_and_a_measure_say_what_their_position_does",
        "test_a_sizes_deviation_is_that_of_its_share_and_of_the_draw",
        "test_a_size_is_ordered_below_what_makes_its_period_safe",
        "test_what_is_not_ordered_again_has_enough_for_its_outlook",
        "test_a_unit_earns_what_those_of_the_year_did",
        "test_stock_lasts_until_its_expected_demand_has_used_it_up",
        "test_an_order_is_due_a_lead_time_before_stock_runs_out",
        "test_what_runs_short_lacks_what_sells_until_an_order_comes",
        "test_goods_that_end_sell_as_expected_until_their_end",
        "test_a_level_is_as_safe_as_the_weeks_of_its_outlook_vary",
    ),
    "test_orders.py": (
        "test_goods_are_sent_from_what_has_most_too_much_to_what_runs_out_first",
        "test_an_order_is_due_and_arrives_when_its_lead_time_says",
        "test_an_order_saves_what_would_be_short_once_its_goods_are_there",
        "test_an_orders_reason_says_its_figures",
        "test_an_order_is_bought_while_the_budget_lasts",
        "test_a_supplier_whose_orders_are_too_small_is_named",
        "test_an_order_is_trusted_as_far_as_its_demand_and_lead_time_are_known",
    ),
    "test_action_figures.py": (
        "test_every_action_has_the_name_of_what_it_is_about",
        "test_an_action_says_when_the_next_goods_come_and_stock_runs_out",
        "test_what_an_order_is_needed_for_is_the_demand_of_its_period",
        "test_the_sentence_of_an_action_says_its_figures",
        "test_an_expedited_line_is_due_on_the_last_day_of_business_before_it_is_missed",
        "test_an_action_says_how_far_forecasts_of_its_class_are_off",
        "test_an_action_costs_what_is_bought_and_saves_margin_or_value",
        "test_what_is_decided_about_misses_what_no_order_brings",
    ),
    "test_actions.py": (
        "test_an_order_that_is_late_saves_what_sells_until_it_comes",
        "test_every_figure_of_an_action_is_what_the_source_says",
        "test_the_figures_of_an_article_as_a_whole_are_those_of_its_sizes",
        "test_what_saves_less_than_an_action_is_worth_comes_last",
        "test_packs_and_minimums_are_those_that_past_orders_show",
        "test_a_line_is_less_only_by_what_neither_sells_nor_is_to_be_left",
    ),
    "test_proposals.py": (
        "test_a_proposal_is_named_as_the_masters_say",
        "test_an_action_is_named_as_the_masters_say",
        "test_a_proposal_holds_the_stock_and_the_orders_of_its_size",
        "test_a_proposal_is_whole_packs_that_fill_up_and_cost_what_units_do",
        "test_proposals_come_by_what_they_save_per_money_spent",
        "test_a_proposal_is_of_its_policy_and_level",
        "test_nothing_is_ordered_beside_an_order_that_may_come_in_time",
        "test_only_stock_that_is_free_is_sent_and_no_single_piece",
    ),
    "test_supply.py": (
        "test_a_position_counts_what_is_on_order_by_when_it_comes",
        "test_a_positions_stock_and_sales_are_the_shops",
        "test_a_position_is_named_and_valued_as_its_masters_say",
        "test_a_position_is_stocked_out_where_nothing_is_free_of_what_is_wanted",
        "test_a_suppliers_lead_time_is_that_of_its_deliveries_and_of_all",
        "test_a_suppliers_deliveries_took_what_their_days_say",
        "test_a_suppliers_deliveries_and_backlog_are_the_orders",
    ),
    "test_stock_age.py": (
        "test_stock_is_dead_without_a_sale_and_a_receipt_in_180_days",
        "test_a_branchs_stock_is_that_of_its_sizes",
        "test_an_article_was_first_sold_and_received_when_the_source_says",
    ),
    "test_sizes.py": (
        "test_a_size_is_named_and_sold_as_the_source_says",
        "test_a_sizes_share_is_its_own_sales_drawn_to_those_of_its_group",
    ),
    "test_returns.py": (
        "test_returns_add_up_by_supplier_category_size_and_reason",
        "test_a_months_returns_are_shares_of_all_that_came_back",
        "test_a_return_is_dated_by_the_last_sale_of_its_size_in_the_branch",
    ),
    "test_seasons.py": (
        "test_sales_add_up_by_season_category_supplier_colour_and_price_tier",
        "test_seasons_categories_and_suppliers_are_named_as_their_masters_say",
    ),
    "test_branch_months.py": (
        "test_a_branchs_month_has_the_units_and_the_money_of_its_receipts",
        "test_a_branch_is_compared_where_it_traded_through_both_months",
        "test_a_customer_is_new_in_the_month_of_the_first_purchase_and_known_after",
        "test_receipts_without_a_customer_and_of_staff_are_shares_of_all",
    ),
    "test_markdowns.py": (
        "test_a_months_markdowns_are_what_tills_and_labels_say",
        "test_a_markdown_rate_is_of_revenue_at_list_price",
    ),
    "test_launches.py": ("test_a_launchs_weeks_add_up_what_came_and_was_sold_since_the_first_receipt",),
    "test_needs.py": (
        "test_a_position_is_what_masters_and_stock_say",
        "test_what_is_available_is_free_or_comes_in_time",
        "test_a_sizes_share_of_a_need_is_that_of_its_curve",
    ),
    "test_stock_history.py": ("test_every_days_stock_follows_from_what_the_source_says_of_today",),
    "test_key_figures.py": (
        "test_a_positions_stock_of_the_year_is_that_of_its_days",
        "test_a_groups_key_figures_are_sums_and_ratios_of_its_positions",
        "test_an_articles_year_stands_on_the_stock_it_held",
    ),
    "test_margins.py": (
        "test_every_line_has_the_tax_and_the_cost_of_its_day_or_says_why_not",
        "test_an_articles_and_a_days_sales_add_up_to_their_lines",
        "test_a_weeks_sales_by_branch_and_category_add_up_to_their_lines",
        "test_a_branchs_month_has_the_revenue_without_tax_of_its_lines",
        "test_a_branchs_year_divides_margin_by_revenue_without_tax",
        "test_an_articles_year_has_the_margin_of_its_lines",
    ),
    "test_too_much.py": (
        "test_a_positions_stock_and_orders_are_the_shops_in_its_status",
        "test_what_is_too_much_is_at_stake_at_what_it_cost",
    ),
}


def names() -> set[str]:
    """Return the tests that compare warehouses."""
    return {name for listed in TESTS.values() for name in listed}
